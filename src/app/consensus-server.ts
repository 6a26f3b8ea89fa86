import { ConsensusEngine } from '../engines/consensus/engine.js';
import { startDoors } from '../doors/start.js';
import type { Logger } from '../ports/logger.js';
import { openAccess } from './access.js';
import { openBrokerCredentials } from './broker-credentials.js';
import type { ServerConfig } from '../config/server-config.js';
import type { ConsensusConfig } from '../config/engine-config.js';
import { hostPortText } from '../core/host-port.js';
import { commonStorePortal } from './portal.js';
import { startUpkeep, UPKEEP_HEALTH } from './upkeep.js';
import { replicasRetentionPace } from '../engines/retention-pace.js';
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
  logger: Logger,
  onServing: () => void,
): Promise<RunningServer> {
  const { replicas, deadlineMs, localReads, portalBrokers } = consensus;
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
  const engine = new ConsensusEngine({
    members: replicas,
    deadlineMs,
    localReads,
    time: systemTime,
    random: systemRandom,
    logger,
    newToken: drawName,
    onAvailable,
  });
  const { host, listenOn, port, minimumChars } = config;
  const observe = observedCalls(logger);
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
  const doors = await startDoors({
    host: listenOn,
    port,
    engine,
    engineHealth,
    conditions: UPKEEP_HEALTH,
    access,
    minimumChars,
    portal: offered,
    tls,
    observe,
    time: systemTime,
    pauses: watchPauses(logger),
    logger,
  });
  const address = hostPortText(host, doors.port);
  const reads = localReads ? 'local' : 'linear';
  logger.info(
    { endereco: address, replicas, prazoMs: deadlineMs, leitura: reads, processo: process.pid },
    'procurando as réplicas',
  );
  engine.start();
  portal.start();
  const { setCondition } = doors;
  const stopUpkeep = startUpkeep(engine, config.retention, replicasRetentionPace, setCondition, logger);

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
        () => {
          stopUpkeep();
          return portal
            .stop()
            .then(() => engine.stop())
            .then(() => false);
        },
        'deixando as réplicas',
        logger,
      )),
  };
}
