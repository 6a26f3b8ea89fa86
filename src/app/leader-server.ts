import { startDoors } from '../doors/start.js';
import type { Doors } from '../doors/start.js';
import { LeaderNode } from './leader-node.js';
import type { Logger } from '../ports/logger.js';
import { openAccess, openToken } from './access.js';
import { openBrokerCredentials } from './broker-credentials.js';
import type { ServerConfig } from '../config/server-config.js';
import { serverText } from '../config/server-parsers.js';
import type { LeaderConfig } from '../config/engine-config.js';
import { hostPortText } from '../core/host-port.js';
import { commonStorePortal } from './portal.js';
import {
  buildMetrics,
  callMetrics,
  capacityMetrics,
  doorMetrics,
  securityMetrics,
  watchMetrics,
} from './metrics/common.js';
import { leaderMetrics } from './metrics/leader.js';
import { mirrorMetrics } from './metrics/mirror.js';
import { portalMetrics } from './metrics/portal.js';
import { commonStoreMqtt } from './mqtt-door.js';
import { ProcessMetrics } from './metrics/process.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { storeMetrics } from './metrics/store.js';
import { PanelCollector } from './panel/collector.js';
import { EventLog } from './panel/event-log.js';
import { LeaderView } from './panel/leader-view.js';
import { openLaboratory } from './laboratory/open-laboratory.js';
import { startUpkeep, UPKEEP_HEALTH } from './upkeep.js';
import type { Upkeep } from './upkeep.js';
import { defaultRetentionPace } from '../engines/retention-pace.js';
import { programVersion } from '../files/program-version.js';
import { panelFolder, readStaticFiles } from '../files/static-files.js';
import { LeaderStatus } from './status/leader-status.js';
import { leaveInOrder } from './running-server.js';
import type { RunningServer } from './running-server.js';
import { drawName, systemRandom } from './system-random.js';
import { systemTime, watchPauses } from './system-time.js';
import { openTransport, servingTransport } from './transport.js';
import { observedCalls } from './observed-calls.js';

/**
 * Starts a server of the leader system, in this order: its `Mensagem` door (the start fails here if the port is in
 * use), its gRPC doors (health NOT_SERVING), then it connects to the other servers, and health follows it:
 *
 * - `kvs.lider`: on the leader, every server is connected and up to date; on a follower, the leader is;
 * - the server as a whole: it may answer requests.
 *
 * Standard output carries only the lines of the contract.
 *
 * @param onServing called once, when the server has caught up with the others
 * @param withGrpc whether to open the gRPC doors too
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO
 */
export async function startLeaderServer(
  config: ServerConfig,
  leader: LeaderConfig,
  given: Logger,
  onServing: () => void,
  withGrpc = true,
): Promise<RunningServer> {
  const log = new EventLog(systemTime);
  const logger = log.over(given, config.logLevel === 'debug');
  const access = await openAccess(config.credentials, logger);
  const token = await openToken(leader.tokenFile);
  const self = serverText(config.host, leader.port);
  const credentials = await openBrokerCredentials(config.brokerCredentials, logger);
  const transport = await openTransport(config.tls, logger);
  const started: { node?: LeaderNode; doors?: Doors; upkeep?: Upkeep } = {};
  let served = false;
  const follow = (): void => {
    const { node, doors } = started;
    if (node === undefined) return;
    doors?.setServing(node.serving);
    doors?.setEngine(node.whole);
    if (!node.serving || served) return;
    served = true;
    onServing();
  };
  process.stdout.on('error', () => undefined);
  const pauses = watchPauses(logger);
  const calls = observedCalls(logger);
  const { observe } = calls;
  // It is offered by a gRPC door.
  const { cut, faults, time } = openLaboratory(config.laboratory && withGrpc, 'lider', logger);
  const node = await LeaderNode.start({
    ...{ origin: drawName(), self, leader: leader.leader, servers: leader.servers },
    listen: leader.listen ?? { host: config.listenOn, port: leader.port },
    ...{
      deadlineMs: leader.deadlineMs,
      time,
      random: systemRandom,
      logger,
      access,
      observe,
      token,
      pauses,
    },
    laboratory: cut && faults && { cut, tap: faults },
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
    onChange: follow,
  });
  const { engine } = node;
  const portal = commonStorePortal({
    ...{ services: withGrpc ? config.portal : [], engine, feed: engine, brokers: leader.portalBrokers },
    ...{ isAvailable: () => node.takesWrites, credentials, access, observe, transport, logger },
  });
  const status = new LeaderStatus({
    ...{ node, self, leader: leader.leader, name: config.name, program: programVersion(), time },
    warnings: () => [...(faults?.warnings() ?? []), ...(started.upkeep?.warnings() ?? [])],
  });
  const mqtt = commonStoreMqtt(withGrpc ? config.mqtt : undefined, 'lider', transport, {
    ...{ engine, credentials, access, observe, servers: status, time: systemTime, logger },
    shownAs: () => config.name ?? self,
  });
  if (withGrpc) {
    const startedMs = systemTime.wallMs();
    const panel = new PanelCollector({
      ...{ log, logger, time: systemTime },
      server: () => ({
        ...{ name: config.name ?? self, address: self, origin: '', engine: 'lider', fleet: 'lider' },
        ...{ programVersion: programVersion(), startedMs },
      }),
    });
    const metrics = new ServerMetrics();
    const { listenOn: host, port, minimumChars } = config;
    started.doors = await startDoors({
      ...{
        host,
        port,
        http: config.http,
        engine,
        status,
        panel,
        panelFiles: await readStaticFiles(panelFolder()),
        engineHealth: 'kvs.lider',
        conditions: UPKEEP_HEALTH,
        access,
        minimumChars,
        portal: portal.offered,
        laboratory: faults,
        tls: servingTransport(transport),
        observe,
        metrics: metrics.source,
        time,
        pauses,
        logger,
      },
    }).catch(async (error: unknown) => {
      await node.stop();
      throw error;
    });
    panel.from({
      ...{ engine, calls, doors: started.doors, watches: engine.watches, faults },
      view: new LeaderView({ node, status, leader: leader.leader }),
    });
    metrics.add(
      buildMetrics('lider'),
      ...[doorMetrics(started.doors), callMetrics(calls), securityMetrics(access?.table, transport)],
      ...[storeMetrics(node.store), capacityMetrics(engine, () => node.crowdedRefusals)],
      ...[
        leaderMetrics(node.role),
        portalMetrics(portal.gateway),
        mirrorMetrics(mqtt.mirror),
        watchMetrics(engine.watches),
        new ProcessMetrics(systemTime).start().read,
      ],
    );
  }
  started.node = node;
  logger.info(
    { endereco: self, lider: leader.leader, servidores: leader.servers, processo: process.pid },
    `${node.role.name}: procurando os outros servidores`,
  );
  follow();
  portal.start();
  mqtt.start();

  const { doors } = started;
  const setCondition = doors?.setCondition ?? (() => undefined);
  const upkeep = (started.upkeep = startUpkeep(
    engine,
    config.retention,
    defaultRetentionPace,
    setCondition,
    logger,
  ));
  let stopped: Promise<boolean> | undefined;
  const leave = async (): Promise<boolean> => {
    upkeep.stop();
    if (doors !== undefined)
      return leaveInOrder(
        doors,
        engine,
        () =>
          Promise.all([portal.stop(), mqtt.stop()])
            .then(() => node.stop())
            .then(() => false),
        'deixando os outros servidores',
        logger,
      );
    logger.info({}, 'saindo: deixando os outros servidores');
    await node.stop();
    logger.info({}, 'saiu');
    return false;
  };
  return {
    address: self,
    ownsOutput: true,
    facts: () => [
      ['motor', `lider (${node.role.name})`],
      ['líder', leader.leader],
      ['servidores', leader.servers.join(', ')],
      ...(doors === undefined ? [] : [['gRPC', hostPortText(config.host, doors.port)] as const]),
    ],
    stop: () => (stopped ??= leave()),
  };
}
