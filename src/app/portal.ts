import { externalBrokers } from '../bus/broker-source.js';
import type { BrokerSource } from '../bus/broker-source.js';
import type { BrokerCredentials } from '../bus/broker-url.js';
import { MqttTopics } from '../bus/mqtt-topics.js';
import { KvsError } from '../core/errors.js';
import type { OfferedPortal } from '../doors/server.js';
import type { FleetEngine } from '../engine/fleet.js';
import { Attempts } from '../portal/attempts.js';
import { changeOfRemoval, changeOfValue, excessMessage, PORTAL_FILTER } from '../portal/changes.js';
import { Gateway } from '../portal/gateway.js';
import { PlaceKeeper } from '../portal/place-keeper.js';
import { PortalApplication } from '../portal/portal.js';
import type { Engine } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';
import type { PortalService } from './config.js';
import type { ConsensusConfig } from './engine-config.js';
import { drawName, systemRandom } from './system-random.js';
import { systemTime } from './system-time.js';

/** The portal of one server, with its topics if it has any. */
export interface ServedPortal {
  /** For the doors; `undefined` if the server does not offer it. */
  readonly offered: OfferedPortal | undefined;
  start(): void;
  stop(): Promise<void>;
}

const NO_PORTAL: ServedPortal = { offered: undefined, start: () => undefined, stop: () => Promise.resolve() };

const parts = { time: systemTime, random: systemRandom };

/**
 * The portal on a server of a fleet. All of them listen to its topics; the lowest origin acts, and puts right what
 * servers did that could not see each other.
 * @param engine what reads and writes: `fleet` itself, or the journal before it
 * @throws KvsError CONFIGURACAO if the engine cannot carry the portal
 */
export function fleetPortal(
  services: readonly PortalService[],
  engine: Engine,
  fleet: FleetEngine,
  brokers: BrokerSource,
  credentials: BrokerCredentials | undefined,
  logger: Logger,
): ServedPortal {
  if (services.length === 0) return NO_PORTAL;
  assertCommits(engine);
  const { origin, member } = fleet;
  const portal = new PortalApplication({ ...parts, engine, origin });
  const topics = new MqttTopics({
    ...parts,
    ...{ clientId: `kvs:portal:${origin}`, filters: [PORTAL_FILTER], brokers, credentials, logger },
  });
  const gateway = new Gateway({
    ...{ registries: portal.registries, topics, time: systemTime, logger },
    leads: () => member.leadsPortal,
    onActive: () => {
      keeper.suspectEverything();
    },
  });
  const keeper = new PlaceKeeper({
    ...{
      reading: portal.reading,
      attempts: new Attempts(systemTime, systemRandom),
      time: systemTime,
      logger,
    },
    acts: () => gateway.acts,
    onExcess: (sigla, matricula) => {
      gateway.show(excessMessage(sigla, matricula));
    },
  });
  fleet.watch({
    inserted: (key, value) => {
      // What a server that joins is told of is past: others have shown it.
      if (member.state !== 'serving' || !key.startsWith('portal/')) return;
      keeper.inserted(key);
      const change = changeOfValue(key, value);
      if (change !== undefined) gateway.onChange(change);
    },
    removed: (key) => {
      if (member.state !== 'serving' || !key.startsWith('portal/')) return;
      keeper.removed(key);
      const change = changeOfRemoval(key);
      if (change !== undefined) gateway.onChange(change);
    },
    replaced: () => {
      keeper.suspectEverything();
    },
  });
  return {
    offered: { portal, services },
    start: () => {
      gateway.start();
    },
    stop: async () => {
      keeper.stop();
      await gateway.stop();
    },
  };
}

/**
 * The portal on a server over the replicas of a consensus store: no place is ever given away twice. A server that is
 * told of a broker is the gateway, for what is accepted by itself and for what comes from outside.
 */
export function consensusPortal(
  services: readonly PortalService[],
  engine: Engine,
  { portalBrokers }: ConsensusConfig,
  isAvailable: () => boolean,
  credentials: BrokerCredentials | undefined,
  logger: Logger,
): ServedPortal {
  if (services.length === 0) return NO_PORTAL;
  assertCommits(engine);
  const name = drawName();
  const portal = new PortalApplication({ ...parts, engine, origin: name });
  const offered = { portal, services };
  if (portalBrokers.length === 0) return { ...NO_PORTAL, offered };
  const topics = new MqttTopics({
    ...parts,
    ...{ clientId: `kvs:portal:${name}`, filters: [PORTAL_FILTER], credentials, logger },
    brokers: externalBrokers(portalBrokers),
  });
  const { registries } = portal;
  const gateway = new Gateway({ registries, topics, leads: isAvailable, time: systemTime, logger });
  portal.onAccepted = (change) => {
    gateway.onChange(change);
  };
  return {
    offered,
    start: () => {
      gateway.start();
    },
    stop: () => gateway.stop(),
  };
}

/** The portal changes several keys as one step, which not every engine must be able to do. */
function assertCommits({ capabilities }: Engine): void {
  if (capabilities.commits !== 'none') return;
  throw new KvsError(
    'CONFIGURACAO',
    '--portal não vale com este motor: ele não grava várias chaves num passo só',
  );
}
