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
import { startUpkeep, UPKEEP_HEALTH } from './upkeep.js';
import { defaultRetentionPace } from '../engines/retention-pace.js';
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
  logger: Logger,
  onServing: () => void,
  withGrpc = true,
): Promise<RunningServer> {
  const access = await openAccess(config.credentials, logger);
  const token = await openToken(leader.tokenFile);
  const self = serverText(config.host, leader.port);
  const credentials = await openBrokerCredentials(config.brokerCredentials, logger);
  const transport = await openTransport(config.tls, logger);
  const started: { node?: LeaderNode; doors?: Doors } = {};
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
  const observe = observedCalls(logger);
  const node = await LeaderNode.start({
    ...{ origin: drawName(), self, leader: leader.leader, servers: leader.servers },
    listen: leader.listen ?? { host: config.listenOn, port: leader.port },
    ...{
      deadlineMs: leader.deadlineMs,
      time: systemTime,
      random: systemRandom,
      logger,
      access,
      observe,
      token,
      pauses,
    },
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
  if (withGrpc) {
    const { listenOn: host, port, minimumChars } = config;
    started.doors = await startDoors({
      ...{
        host,
        port,
        engine,
        engineHealth: 'kvs.lider',
        conditions: UPKEEP_HEALTH,
        access,
        minimumChars,
        portal: portal.offered,
        tls: servingTransport(transport),
        observe,
        time: systemTime,
        pauses,
        logger,
      },
    }).catch(async (error: unknown) => {
      await node.stop();
      throw error;
    });
  }
  started.node = node;
  logger.info(
    { endereco: self, lider: leader.leader, servidores: leader.servers, processo: process.pid },
    `${node.role.name}: procurando os outros servidores`,
  );
  follow();
  portal.start();

  const { doors } = started;
  const setCondition = doors?.setCondition ?? (() => undefined);
  const stopUpkeep = startUpkeep(engine, config.retention, defaultRetentionPace, setCondition, logger);
  let stopped: Promise<boolean> | undefined;
  const leave = async (): Promise<boolean> => {
    stopUpkeep();
    if (doors !== undefined)
      return leaveInOrder(
        doors,
        () =>
          portal
            .stop()
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
