import { admitAll, admitKnown } from '../call/admission.js';
import type { Observe } from '../call/observe.js';
import { externalBrokers } from '../mqtt/broker-source.js';
import type { BrokerSource } from '../mqtt/broker-source.js';
import type { BrokerAddress, BrokerCredentials } from '../mqtt/broker-url.js';
import type { TopicFilter } from '../mqtt/mqtt-messages.js';
import { MqttTopics } from '../mqtt/mqtt-topics.js';
import { KvsError } from '../core/errors.js';
import type { OfferedPortal } from '../doors/start.js';
import type { FleetEngine } from '../engines/fleet/engine.js';
import { ConflictRetries } from '../portal/attempts.js';
import { changeOfRemoval, changeOfValue, excessMessage, PORTAL_FILTER } from '../portal/changes.js';
import { Gateway } from '../portal/gateway.js';
import type { GatewayOptions } from '../portal/gateway.js';
import { SeatReconciler } from '../portal/seat-reconciler.js';
import { PortalApplication } from '../portal/portal.js';
import type { AccessControl } from '../ports/access.js';
import type { ChangeFeed } from '../ports/changes.js';
import type { Engine } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';
import type { Transport } from '../security/tls/transport.js';
import type { PortalService } from '../config/server-parsers.js';
import { drawName, systemRandom } from './system-random.js';
import { systemTime } from './system-time.js';

/** The portal of one server, with its topics if it has any. */
export interface ServedPortal {
  /** For the doors; `undefined` if the server does not offer it. */
  readonly offered: OfferedPortal | undefined;
  /** `undefined` if it has no topics. */
  readonly gateway?: Gateway;
  start(): void;
  stop(): Promise<void>;
}

const NO_PORTAL: ServedPortal = { offered: undefined, start: () => undefined, stop: () => Promise.resolve() };

/** Both brokers carry QoS 1, and repeating a change of a record is harmless. */
const PORTAL_FILTERS: readonly TopicFilter[] = [{ filter: PORTAL_FILTER, qos: 1 }];

const parts = { time: systemTime, random: systemRandom };

/** Protects the topics of a portal. */
interface TopicsGuard {
  /**
   * The credentials that this server presents to the broker; a broker that requires some of servers requires them of
   * everyone.
   */
  readonly credentials: BrokerCredentials | undefined;
  /** Who may do what; `undefined`: everyone may do everything. */
  readonly access: AccessControl | undefined;
  /** Observes the outcome of every message. */
  readonly observe: Observe;
}

/**
 * If the doors require credentials but the broker does not, messages through it are refused like callers without any.
 */
function topicsSeam(
  { credentials, access, observe }: TopicsGuard,
  engine: Engine,
): Pick<GatewayOptions, 'seam' | 'isClosed'> {
  const isClosed = access !== undefined && credentials === undefined;
  const admit = isClosed ? admitKnown(access, engine) : admitAll(engine);
  return { isClosed, seam: { engine, admit, observe, time: systemTime } };
}

/**
 * The portal on a server of a fleet. All servers listen to its topics; the one with the lowest origin acts, and
 * reconciles what servers did that could not see each other.
 * @param engine the engine to read and write through: `fleet` itself, or the journal in front of it
 * @throws KvsError CONFIGURACAO if the engine cannot carry the portal
 */
export function fleetPortal(
  services: readonly PortalService[],
  engine: Engine,
  fleet: FleetEngine,
  brokers: BrokerSource,
  guard: TopicsGuard,
  logger: Logger,
): ServedPortal {
  if (services.length === 0) return NO_PORTAL;
  assertCommits(engine);
  const { origin, member } = fleet;
  const { credentials } = guard;
  const portal = new PortalApplication({ ...parts, engine, origin });
  const topics = new MqttTopics({
    ...parts,
    ...{ clientId: `kvs:portal:${origin}`, filters: PORTAL_FILTERS, brokers, credentials, logger },
  });
  const gateway = new Gateway({
    ...{ registries: portal.registries, topics, time: systemTime, logger, ...topicsSeam(guard, engine) },
    leads: () => member.leads('portal'),
    upToDate: () => member.upToDate,
    onActive: () => {
      reconciler.suspectEverything();
    },
  });
  const reconciler = new SeatReconciler({
    ...{
      reading: portal.reading,
      attempts: new ConflictRetries(systemTime, systemRandom),
      time: systemTime,
      logger,
    },
    acts: () => gateway.acts,
    onExcess: (sigla, matricula) => {
      gateway.show(excessMessage(sigla, matricula));
    },
  });
  // Changes that a joining server receives are old: others have published them.
  const isPast = (): boolean => member.state !== 'serving';
  showChanges(fleet, gateway, isPast, reconciler);
  return {
    offered: { portal, services },
    gateway,
    start: () => {
      gateway.start();
    },
    stop: async () => {
      reconciler.stop();
      await gateway.stop();
    },
  };
}

interface CommonStorePortal extends TopicsGuard {
  readonly services: readonly PortalService[];
  readonly engine: Engine;
  /** Reports the changes of all servers, if the engine can; otherwise only this server's changes are published. */
  readonly feed?: ChangeFeed;
  /** Brokers where this server is the gateway, in order of preference; empty if it is not. */
  readonly brokers: readonly BrokerAddress[];
  /** Certificates for brokers that speak TLS. */
  readonly transport: Transport | undefined;
  /** Whether changes can be made now. */
  readonly isAvailable: () => boolean;
  readonly logger: Logger;
}

/**
 * The portal on a server whose engine puts the writes of all servers in one order, so no seat is ever given away twice.
 * A server configured with a broker is the gateway.
 * @throws KvsError CONFIGURACAO if the engine cannot carry the portal
 */
export function commonStorePortal(options: CommonStorePortal): ServedPortal {
  const { services, engine, feed, brokers, transport, isAvailable, credentials, logger } = options;
  if (services.length === 0) return NO_PORTAL;
  assertCommits(engine);
  const name = drawName();
  const portal = new PortalApplication({ ...parts, engine, origin: name });
  const offered = { portal, services };
  if (brokers.length === 0) return { ...NO_PORTAL, offered };
  const topics = new MqttTopics({
    ...parts,
    ...{ clientId: `kvs:portal:${name}`, filters: PORTAL_FILTERS, credentials, logger },
    brokers: externalBrokers(brokers, transport),
  });
  const { registries } = portal;
  const gateway = new Gateway({
    ...{ registries, topics, leads: isAvailable, time: systemTime, logger, ...topicsSeam(options, engine) },
  });
  if (feed === undefined) {
    portal.onAccepted = (change) => {
      gateway.onChange(change);
    };
  } else showChanges(feed, gateway, () => false);
  return {
    offered,
    gateway,
    start: () => {
      gateway.start();
    },
    stop: () => gateway.stop(),
  };
}

/** @param isPast whether the changes reported now happened before this server joined */
function showChanges(
  feed: ChangeFeed,
  gateway: Gateway,
  isPast: () => boolean,
  reconciler?: SeatReconciler,
): void {
  feed.watch({
    inserted: (key, value) => {
      if (isPast() || !key.startsWith('portal/')) return;
      reconciler?.inserted(key);
      const change = changeOfValue(key, value);
      if (change !== undefined) gateway.onChange(change);
    },
    removed: (key) => {
      if (isPast() || !key.startsWith('portal/')) return;
      reconciler?.removed(key);
      const change = changeOfRemoval(key);
      if (change !== undefined) gateway.onChange(change);
    },
    replaced: () => {
      gateway.onReplaced();
      reconciler?.suspectEverything();
    },
  });
}

/** The portal changes several keys atomically, which not every engine supports. */
function assertCommits({ capabilities }: Engine): void {
  if (capabilities.commits !== 'none') return;
  throw new KvsError(
    'CONFIGURACAO',
    '--portal não vale com este motor: ele não grava várias chaves num passo só',
  );
}
