import { createRequire } from 'node:module';
import { externalBrokers } from '../mqtt/broker-source.js';
import { LocalBroker } from '../mqtt/local-broker.js';
import { MqttBus } from '../engines/fleet/bus/mqtt-bus.js';
import { startDoors } from '../doors/start.js';
import type { Doors } from '../doors/start.js';
import { KvsError } from '../core/errors.js';
import { DurableFleet } from '../engines/fleet/durable-engine.js';
import { FleetEngine } from '../engines/fleet/engine.js';
import type { LevelJournal } from '../engines/fleet/journal/level-journal.js';
import { defaultFleetTuning } from '../engines/fleet/replication/tuning.js';
import type { PresenceState } from '../ports/bus.js';
import type { Logger } from '../ports/logger.js';
import { freePort } from '../security/tls/open-ports.js';
import type { ServerConfig } from '../config/server-config.js';
import { openAccess } from './access.js';
import { openBrokerCredentials } from './broker-credentials.js';
import type { FleetConfig } from '../config/engine-config.js';
import { openFleetKeys } from './fleet-key.js';
import { hostPortText } from '../core/host-port.js';
import { fleetPortal } from './portal.js';
import { localBrokerOptions } from './local-broker.js';
import { brokerMetrics } from './metrics/broker.js';
import {
  buildMetrics,
  callMetrics,
  capacityMetrics,
  doorMetrics,
  securityMetrics,
  watchMetrics,
} from './metrics/common.js';
import { fleetMetrics, journalMetrics } from './metrics/fleet.js';
import { mirrorMetrics } from './metrics/mirror.js';
import { portalMetrics } from './metrics/portal.js';
import { fleetMqtt } from './mqtt-door.js';
import { ProcessMetrics } from './metrics/process.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { storeMetrics } from './metrics/store.js';
import { PanelCollector } from './panel/collector.js';
import { EventLog } from './panel/event-log.js';
import { FleetView } from './panel/fleet-view.js';
import { startUpkeep, UPKEEP_HEALTH } from './upkeep.js';
import type { Upkeep } from './upkeep.js';
import { defaultRetentionPace } from '../engines/retention-pace.js';
import { programVersion } from '../files/program-version.js';
import { panelFolder, readStaticFiles } from '../files/static-files.js';
import { FleetStatus } from './status/fleet-status.js';
import type { FleetConditions } from './status/fleet-status.js';
import { openLaboratory } from './laboratory/open-laboratory.js';
import { leaveInOrder } from './running-server.js';
import type { RunningServer } from './running-server.js';
import { drawName, systemRandom } from './system-random.js';
import { systemTime, watchPauses } from './system-time.js';
import { openTransport, servingTransport } from './transport.js';
import { observedCalls } from './observed-calls.js';

/** Health service for the disk: whether it holds, or will hold in a moment, everything that the server answers with. */
const DISK = 'kvs.disco';

/**
 * Starts a server of a fleet, in this order: bus (silent), engine (refusing), doors (health NOT_SERVING; the start
 * fails here if a port is in use, before anyone in the fleet has seen it), then the engine joins the fleet, and health
 * follows it. A data folder is opened first of all (the start fails here if another process has it), and its content is
 * loaded before joining.
 *
 * It stops in this order: health NOT_SERVING; doors, with a deadline; engine (its last batch, its farewell, the bus,
 * and the embedded broker if this process runs it); the data folder.
 *
 * @param onServing called once, when the server has caught up with the fleet
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO, DADOS_EM_USO, DADOS_INVALIDOS, DISCO_CHEIO
 */
export async function startFleetServer(
  config: ServerConfig,
  { fleet, brokers: named, localBroker, dataFolder, forgetAfterMs, key }: FleetConfig,
  given: Logger,
  onServing: () => void,
): Promise<RunningServer> {
  const log = new EventLog(systemTime);
  const logger = log.over(given, config.logLevel === 'debug');
  const access = await openAccess(config.credentials, logger);
  const credentials = await openBrokerCredentials(config.brokerCredentials, logger);
  const transport = await openTransport(config.tls, logger);
  const seal = key && (await openFleetKeys(key, fleet, logger));
  const origin = drawName();
  // Peers learn the address before the doors open, so port 0 must be resolved now. It stays 0 if nothing can listen;
  // the doors then report why.
  const port = config.port === 0 ? await freePort(config.listenOn).catch(() => 0) : config.port;
  const address = hostPortText(config.host, port);
  const random = systemRandom;
  const surroundings = { fleet, transport, gatekeeper: access?.gatekeeper, credentials, logger };
  const { cut, faults, time } = openLaboratory(config.laboratory, 'frota', logger);
  const local =
    named.length > 0 ? undefined : new LocalBroker({ ...localBrokerOptions(localBroker, surroundings), cut });
  const brokers = local ?? externalBrokers(named, transport, cut);
  const urls = brokers.addresses.map(({ url }) => url);
  const journal = dataFolder === undefined ? undefined : await openJournal(dataFolder, fleet, logger);

  const onOtherKeys = (): void => {
    showHealth();
  };
  const bus = new MqttBus({
    fleet,
    origin,
    brokers,
    credentials,
    seal,
    time,
    random,
    logger,
    onOtherKeys,
    tap: faults,
  });
  // The engine calls these only after its start, once the doors are open.
  const onState = (state: PresenceState): void => {
    doors.setServing(state === 'serving');
    if (state === 'serving') onServing();
  };
  const conditions: FleetConditions = {
    isConnected: false,
    isDiskGood: true,
    isBlocked: false,
    isAhead: false,
  };
  // Strangers on the broker can send anything, so messages with other keys count only while no peer is heard.
  const isParted = (): boolean => bus.hearsOtherKeys && member.peers.all().length === 0;
  const showHealth = (): void => {
    const { isConnected, isDiskGood, isBlocked, isAhead } = conditions;
    doors.setEngine(isConnected && !member.diverged && isDiskGood && !isBlocked && !isAhead && !isParted());
  };
  const onAlarm = showHealth;
  const onDisk = (healthy: boolean): void => {
    conditions.isDiskGood = healthy;
    doors.setCondition(DISK, healthy);
    showHealth();
  };
  const onOversize = (blocked: boolean): void => {
    conditions.isBlocked = blocked;
    showHealth();
  };
  const onClock = (ahead: boolean): void => {
    conditions.isAhead = ahead;
    showHealth();
  };
  const onBroker = (connected: boolean): void => {
    conditions.isConnected = connected;
    showHealth();
    if (!connected) logger.warn({ brokers: urls }, 'sem broker: atendendo sozinho e tentando de novo');
  };
  const program = programVersion();
  const options = {
    ...{ origin, fleet, address, bus, time, random, logger, onState, onAlarm, onOversize, onBroker },
    onClock,
    portal: config.portal.length > 0,
    mqtt: () => mqtt.isConnected(),
    ...{ name: config.name, program },
    tuning: { ...defaultFleetTuning, floorAfterMs: forgetAfterMs },
  };
  const engine = journal ? new DurableFleet(options, journal, onDisk) : new FleetEngine(options);
  const fleetEngine = engine instanceof DurableFleet ? engine.fleet : engine;
  const { member } = fleetEngine;
  const calls = observedCalls(logger);
  const { observe } = calls;
  const metrics = new ServerMetrics();
  const guard = { credentials, access, observe };
  const portal = fleetPortal(config.portal, engine, fleetEngine, brokers, guard, logger);
  const started: { upkeep?: Upkeep } = {};
  const status = new FleetStatus({
    ...{ fleet, engine: fleetEngine, name: config.name, address, program, conditions, isParted, time },
    broker: () => bus.broker,
    isolation: cut,
    warnings: () => [...(faults?.warnings() ?? []), ...(started.upkeep?.warnings() ?? [])],
  });
  const mqtt = fleetMqtt(config.mqtt, fleet, fleetEngine, brokers, {
    ...{ ...guard, engine, servers: status, time: systemTime, logger },
    shownAs: () => config.name ?? address,
  });
  const startedMs = time.wallMs();
  const panel = new PanelCollector({
    ...{ log, logger, time },
    server: () => ({
      ...{ name: config.name ?? address, address, origin, engine: 'frota', fleet },
      ...{ programVersion: program, startedMs },
    }),
  });
  const doors = await startDoors({
    status,
    panel,
    panelFiles: await readStaticFiles(panelFolder()),
    host: config.listenOn,
    port,
    http: config.http,
    engine,
    engineHealth: 'kvs.frota',
    conditions: journal ? [DISK, ...UPKEEP_HEALTH] : UPKEEP_HEALTH,
    access,
    peers: () =>
      member.peers.all().map(({ presence }) => ({
        address: presence.address,
        serving: presence.state === 'serving',
      })),
    minimumChars: config.minimumChars,
    portal: portal.offered,
    laboratory: faults,
    tls: servingTransport(transport),
    observe,
    metrics: metrics.source,
    time,
    pauses: watchPauses(logger),
    logger,
  }).catch(async (error: unknown) => {
    await journal?.close();
    throw error;
  });
  metrics.add(
    buildMetrics('frota', fleet),
    ...[doorMetrics(doors), callMetrics(calls), securityMetrics(access?.table, transport)],
    ...[storeMetrics(fleetEngine.store), capacityMetrics(engine, () => fleetEngine.room.crowdedRefusals)],
    ...[fleetMetrics(fleetEngine, time), brokerMetrics(bus, local)],
    ...(engine instanceof DurableFleet ? [journalMetrics(engine.journalWriter)] : []),
    ...[
      portalMetrics(portal.gateway),
      mirrorMetrics(mqtt.mirror),
      watchMetrics(fleetEngine.watches),
      new ProcessMetrics(time).start().read,
    ],
  );
  panel.from({
    ...{ engine, doors, calls, watches: fleetEngine.watches, faults },
    view: new FleetView({
      engine: fleetEngine,
      status,
      bus,
      isHosting: () => local?.hosting === true,
    }),
  });
  logger.info(
    { origem: origin, endereco: address, frota: fleet, brokers: urls, processo: process.pid },
    'entrando na frota',
  );
  if (engine instanceof DurableFleet) {
    await load(engine, doors, journal);
    doors.setCondition(DISK, true);
  }
  engine.start();
  portal.start();
  mqtt.start();

  const { setCondition } = doors;
  const upkeep = (started.upkeep = startUpkeep(
    engine,
    config.retention,
    defaultRetentionPace,
    setCondition,
    logger,
  ));

  const broker = (): string => {
    if (bus.broker === undefined) return 'nenhum por enquanto (tentando)';
    return local?.hosting ? `${bus.broker} (embutido aqui)` : bus.broker;
  };
  const last = 'enviando o que falta e deixando a frota';
  let stopped: Promise<boolean> | undefined;
  const leave = async (): Promise<boolean> => {
    upkeep.stop();
    await Promise.all([portal.stop(), mqtt.stop()]);
    await engine.stop();
    // With a data folder nothing is lost: peers get what they lack when this server starts again.
    return journal === undefined && member.leftBehind;
  };
  return {
    address,
    facts: () => [
      ['frota', fleet],
      ['broker', broker()],
      ['origem', origin],
      ...(dataFolder === undefined ? [] : [['dados', dataFolder] as const]),
      ...(key === undefined ? [] : [['mensagens', key.encrypts ? 'cifradas' : 'autenticadas'] as const]),
    ],
    stop: () => (stopped ??= leaveInOrder(doors, engine, leave, last, logger)),
  };
}

/** @throws KvsError CONFIGURACAO if LevelDB, which is native code, has no build for this machine */
async function openJournal(folder: string, fleet: string, logger: Logger): Promise<LevelJournal> {
  try {
    createRequire(import.meta.url)('classic-level');
  } catch (cause) {
    const what = '--dados: o LevelDB não veio pronto para esta máquina';
    const remedy = 'npm rebuild classic-level --ignore-scripts=false';
    throw new KvsError('CONFIGURACAO', `${what}; rode: ${remedy}`, { cause });
  }
  // Loaded only by servers that keep data.
  const { LevelJournal } = await import('../engines/fleet/journal/level-journal.js');
  return LevelJournal.open(folder, fleet, logger);
}

/** Loads what is on the disk while the doors refuse requests; a failure leaves nothing open. */
async function load(engine: DurableFleet, doors: Doors, journal: LevelJournal | undefined): Promise<void> {
  try {
    await engine.load();
  } catch (error) {
    await doors.stop(0);
    await journal?.close();
    throw error;
  }
}
