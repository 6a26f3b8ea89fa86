import { startDoors } from '../doors/start.js';
import { PartitionsEngine } from '../engines/partitions/engine.js';
import { replicasRetentionPace } from '../engines/retention-pace.js';
import type { Logger } from '../ports/logger.js';
import type { PartitionsConfig } from '../config/engine-config.js';
import type { ServerConfig } from '../config/server-config.js';
import { hostPortText } from '../core/host-port.js';
import { programVersion } from '../files/program-version.js';
import { panelFolder, readStaticFiles } from '../files/static-files.js';
import { openAccess } from './access.js';
import { openBrokerCredentials, openNodeCredentials } from './broker-credentials.js';
import {
  buildMetrics,
  callMetrics,
  capacityMetrics,
  doorMetrics,
  securityMetrics,
  watchMetrics,
} from './metrics/common.js';
import { mirrorMetrics } from './metrics/mirror.js';
import { partitionsMetrics } from './metrics/partitions.js';
import { ProcessMetrics } from './metrics/process.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { commonStoreMqtt } from './mqtt-door.js';
import { observedCalls } from './observed-calls.js';
import { PanelCollector } from './panel/collector.js';
import { EventLog } from './panel/event-log.js';
import { PartitionsView } from './panel/partitions-view.js';
import { commonStorePortal } from './portal.js';
import { leaveInOrder } from './running-server.js';
import type { RunningServer } from './running-server.js';
import { PartitionsStatus } from './status/partitions-status.js';
import { systemRandom } from './system-random.js';
import { systemTime, watchPauses } from './system-time.js';
import { openTransport, servingTransport } from './transport.js';
import { STRANGERS_TLS } from '../security/tls/transport.js';
import { startUpkeep, UPKEEP_HEALTH } from './upkeep.js';
import type { Upkeep } from './upkeep.js';

/**
 * Starts a server over the nodes of a Redis Cluster, in this order: doors (health NOT_SERVING; the start fails here if a
 * port is in use), then the engine looks for the nodes, which need not be up yet, and health follows it:
 *
 * - `kvs.particoes`: every partition has a master that answers;
 * - the server as a whole: that was so once. A partition that has lost its master does not stop the others.
 *
 * @param onServing called once, when every partition has answered for the first time
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO
 */
export async function startPartitionsServer(
  config: ServerConfig,
  partitions: PartitionsConfig,
  given: Logger,
  onServing: () => void,
): Promise<RunningServer> {
  const { nodes, deadlineMs, tls: speaksTls } = partitions;
  const log = new EventLog(systemTime);
  const logger = log.over(given, config.logLevel === 'debug');
  const access = await openAccess(config.credentials, logger);
  const credentials = await openBrokerCredentials(config.brokerCredentials, logger);
  const transport = await openTransport(config.tls, logger);
  const nodeAccess = {
    credentials: await openNodeCredentials(partitions.credentials, logger),
    // Without files of its own it trusts the authorities that everybody trusts.
    tls: speaksTls ? (transport ?? { clientOptions: () => STRANGERS_TLS }) : undefined,
  };
  let served = false;
  // The engine calls this only after its start, once the doors are open.
  const onAvailable = (available: boolean): void => {
    doors.setEngine(available);
    if (!available || served) return;
    served = true;
    doors.setServing(true);
    onServing();
  };
  const engine = new PartitionsEngine({
    ...{ nodes, deadlineMs, access: nodeAccess, time: systemTime, random: systemRandom, logger, onAvailable },
  });
  const { host, listenOn, port, minimumChars } = config;
  const calls = observedCalls(logger);
  const { observe } = calls;
  // Refused with one line: a portal changes several keys in one step.
  const portal = commonStorePortal({
    ...{
      services: config.portal,
      engine,
      brokers: [],
      credentials: undefined,
      access,
      observe,
      transport,
      logger,
    },
    isAvailable: () => engine.available,
  });
  const metrics = new ServerMetrics();
  const tls = servingTransport(transport);
  let address = '';
  const started: { upkeep?: Upkeep } = {};
  const status = new PartitionsStatus({
    ...{ engine, name: config.name, program: programVersion(), time: systemTime },
    address: () => address,
    warnings: () => started.upkeep?.warnings() ?? [],
  });
  const mqtt = commonStoreMqtt(config.mqtt, 'particoes', transport, {
    ...{ engine, credentials, access, observe, servers: status, time: systemTime, logger },
    shownAs: () => config.name ?? address,
  });
  const startedMs = systemTime.wallMs();
  const panel = new PanelCollector({
    ...{ log, logger, time: systemTime },
    server: () => ({
      ...{ name: config.name ?? address, address, origin: '', engine: 'particoes', fleet: 'particoes' },
      ...{ programVersion: programVersion(), startedMs },
    }),
  });
  const doors = await startDoors({
    ...{ status, panel, panelFiles: await readStaticFiles(panelFolder()) },
    ...{ host: listenOn, port, http: config.http },
    ...{ engine, engineHealth: 'kvs.particoes', conditions: UPKEEP_HEALTH },
    ...{ access, minimumChars, portal: portal.offered, tls, observe, metrics: metrics.source },
    ...{ time: systemTime, pauses: watchPauses(logger), logger },
  });
  metrics.add(
    buildMetrics('particoes'),
    ...[doorMetrics(doors), callMetrics(calls), securityMetrics(access?.table, transport)],
    ...[capacityMetrics(engine), partitionsMetrics(engine), mirrorMetrics(mqtt.mirror)],
    ...[watchMetrics(engine.watches), new ProcessMetrics(systemTime).start().read],
  );
  address = hostPortText(host, doors.port);
  const view = new PartitionsView({ engine, status });
  panel.from({ engine, doors, calls, watches: engine.watches, faults: undefined, view });
  logger.info(
    { endereco: address, nos: nodes, prazoMs: deadlineMs, processo: process.pid },
    'procurando as partições',
  );
  engine.start();
  mqtt.start();
  const { setCondition } = doors;
  const upkeep = (started.upkeep = startUpkeep(
    ...([engine, config.retention, replicasRetentionPace, setCondition, logger] as const),
  ));

  let stopped: Promise<boolean> | undefined;
  const leave = async (): Promise<boolean> => {
    upkeep.stop();
    await mqtt.stop();
    await engine.stop();
    return false;
  };
  return {
    address,
    facts: () => [
      ['motor', 'particoes'],
      ['nós', nodes.join(', ')],
    ],
    stop: () => (stopped ??= leaveInOrder(doors, engine, leave, 'deixando as partições', logger)),
  };
}
