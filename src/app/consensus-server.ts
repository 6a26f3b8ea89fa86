import { ConsensusEngine } from '../engines/consensus/engine.js';
import { startDoors } from '../doors/start.js';
import type { Logger } from '../ports/logger.js';
import { openAccess } from './access.js';
import { openBrokerCredentials } from './broker-credentials.js';
import type { ServerConfig } from '../config/server-config.js';
import type { ConsensusConfig } from '../config/engine-config.js';
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
import { consensusMetrics } from './metrics/consensus.js';
import { mirrorMetrics } from './metrics/mirror.js';
import { portalMetrics } from './metrics/portal.js';
import { commonStoreMqtt } from './mqtt-door.js';
import { ProcessMetrics } from './metrics/process.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { PanelCollector } from './panel/collector.js';
import { ConsensusView } from './panel/consensus-view.js';
import { EventLog } from './panel/event-log.js';
import { openLaboratory } from './laboratory/open-laboratory.js';
import { startUpkeep, UPKEEP_HEALTH } from './upkeep.js';
import type { Upkeep } from './upkeep.js';
import { replicasRetentionPace } from '../engines/retention-pace.js';
import { programVersion } from '../files/program-version.js';
import { panelFolder, readStaticFiles } from '../files/static-files.js';
import { ConsensusStatus } from './status/consensus-status.js';
import { leaveInOrder } from './running-server.js';
import type { RunningServer } from './running-server.js';
import { drawName, systemRandom } from './system-random.js';
import { systemTime, watchPauses } from './system-time.js';
import { openTransport, servingTransport } from './transport.js';
import { observedCalls } from './observed-calls.js';

/**
 * Starts a server over the replicas of a consensus store, in this order: doors (health NOT_SERVING; the start fails
 * here if a port is in use), then the engine connects to the replicas, which need not be up yet, and health follows it:
 *
 * - `kvs.consenso`: a majority of the replicas answers;
 * - the server as a whole: the same, or, with local reads, a majority has answered once: the replicas' data can then be
 *   read without a majority.
 *
 * @param onServing called once, when a majority has answered for the first time
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO
 */
export async function startConsensusServer(
  config: ServerConfig,
  consensus: ConsensusConfig,
  given: Logger,
  onServing: () => void,
): Promise<RunningServer> {
  const { replicas, deadlineMs, localReads, portalBrokers } = consensus;
  const log = new EventLog(systemTime);
  const logger = log.over(given, config.logLevel === 'debug');
  const access = await openAccess(config.credentials, logger);
  const credentials = await openBrokerCredentials(config.brokerCredentials, logger);
  const transport = await openTransport(config.tls, logger);
  let served = false;
  // The engine calls this only after its start, once the doors are open.
  const onAvailable = (available: boolean): void => {
    doors.setEngine(available);
    doors.setServing(available || (localReads && served));
    if (!available || served) return;
    served = true;
    onServing();
  };
  const { cut, faults, time } = openLaboratory(config.laboratory, 'consenso', logger);
  const engine = new ConsensusEngine({
    members: replicas,
    deadlineMs,
    localReads,
    laboratory: cut && faults && { cut, tap: faults },
    time,
    random: systemRandom,
    logger,
    newToken: drawName,
    onAvailable,
  });
  const { host, listenOn, port, minimumChars } = config;
  const calls = observedCalls(logger);
  const { observe } = calls;
  const metrics = new ServerMetrics();
  const portal = commonStorePortal({
    ...{
      services: config.portal,
      engine,
      brokers: portalBrokers,
      credentials,
      access,
      observe,
      transport,
      logger,
    },
    isAvailable: () => engine.available,
  });
  const engineHealth = 'kvs.consenso';
  const { offered } = portal;
  const tls = servingTransport(transport);
  let address = '';
  const started: { upkeep?: Upkeep } = {};
  const status = new ConsensusStatus({
    ...{ engine, name: config.name, program: programVersion(), time },
    address: () => address,
    warnings: () => [...(faults?.warnings() ?? []), ...(started.upkeep?.warnings() ?? [])],
  });
  const mqtt = commonStoreMqtt(config.mqtt, 'consenso', transport, {
    ...{ engine, credentials, access, observe, servers: status, time: systemTime, logger },
    shownAs: () => config.name ?? address,
  });
  const startedMs = systemTime.wallMs();
  const panel = new PanelCollector({
    ...{ log, logger, time: systemTime },
    server: () => ({
      ...{ name: config.name ?? address, address, origin: '', engine: 'consenso', fleet: 'consenso' },
      ...{ programVersion: programVersion(), startedMs },
    }),
  });
  const doors = await startDoors({
    status,
    panel,
    panelFiles: await readStaticFiles(panelFolder()),
    host: listenOn,
    port,
    http: config.http,
    engine,
    engineHealth,
    conditions: UPKEEP_HEALTH,
    access,
    minimumChars,
    portal: offered,
    laboratory: faults,
    tls,
    observe,
    metrics: metrics.source,
    time,
    pauses: watchPauses(logger),
    logger,
  });
  metrics.add(
    buildMetrics('consenso'),
    ...[doorMetrics(doors), callMetrics(calls), securityMetrics(access?.table, transport)],
    ...[
      capacityMetrics(engine),
      consensusMetrics(engine),
      portalMetrics(portal.gateway),
      mirrorMetrics(mqtt.mirror),
    ],
    ...[watchMetrics(engine.watches), new ProcessMetrics(systemTime).start().read],
  );
  address = hostPortText(host, doors.port);
  panel.from({
    ...{ engine, doors, calls, watches: engine.watches, faults },
    view: new ConsensusView({ engine, status }),
  });
  const reads = localReads ? 'local' : 'linear';
  logger.info(
    { endereco: address, replicas, prazoMs: deadlineMs, leitura: reads, processo: process.pid },
    'procurando as réplicas',
  );
  engine.start();
  portal.start();
  mqtt.start();
  const { setCondition } = doors;
  const upkeep = (started.upkeep = startUpkeep(
    engine,
    config.retention,
    replicasRetentionPace,
    setCondition,
    logger,
  ));

  let stopped: Promise<boolean> | undefined;
  return {
    address,
    facts: () => [
      ['motor', 'consenso'],
      ['réplicas', replicas.join(', ')],
      ['leitura', reads],
    ],
    stop: () =>
      (stopped ??= leaveInOrder(
        doors,
        engine,
        () => {
          upkeep.stop();
          return Promise.all([portal.stop(), mqtt.stop()])
            .then(() => engine.stop())
            .then(() => false);
        },
        'deixando as réplicas',
        logger,
      )),
  };
}
