import { admitAll, admitKnown } from '../call/admission.js';
import type { KnownNames } from '../call/lines/line-json.js';
import type { Observe } from '../call/observe.js';
import type { MqttDoorConfig } from '../config/mqtt-config.js';
import { doorFilters, MqttDoor } from '../doors/mqtt/door.js';
import { Mirror, mirrorFilters } from '../doors/mqtt/mirror.js';
import type { FleetEngine } from '../engines/fleet/engine.js';
import { externalBrokers } from '../mqtt/broker-source.js';
import type { BrokerSource } from '../mqtt/broker-source.js';
import type { BrokerCredentials } from '../mqtt/broker-url.js';
import { mqttLimits } from '../mqtt/limits.js';
import { MqttTopics } from '../mqtt/mqtt-topics.js';
import type { AccessControl } from '../ports/access.js';
import type { ChangeFeed } from '../ports/changes.js';
import type { Engine } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import type { Topics } from '../ports/topics.js';
import type { Transport } from '../security/tls/transport.js';
import { drawName, systemRandom } from './system-random.js';

/** The door of MQTT of one server. */
interface ServedMqtt {
  /** `undefined` if it is closed. */
  readonly door: MqttDoor | undefined;
  /** `undefined` if it shows no value. */
  readonly mirror?: Mirror | undefined;
  /** Whether messages can come in now. */
  readonly isConnected: () => boolean;
  start(): void;
  stop(): Promise<void>;
}

const NO_DOOR: ServedMqtt = {
  door: undefined,
  isConnected: () => false,
  start: () => undefined,
  stop: () => Promise.resolve(),
};

interface MqttSurroundings {
  /** What is read and written. */
  readonly engine: Engine;
  /**
   * The credentials that this server presents to the broker; a broker that requires some of servers requires them of
   * everyone.
   */
  readonly credentials: BrokerCredentials | undefined;
  /** Who may do what at the other doors; `undefined`: everyone may do everything. */
  readonly access: AccessControl | undefined;
  readonly observe: Observe;
  /** Names servers in answers. */
  readonly servers: KnownNames;
  /** The name of this server for people. */
  readonly shownAs: () => string;
  readonly time: Time;
  readonly logger: Logger;
}

/** How a server with the door comes to act, beyond its connection to the broker. */
interface Acting {
  /** Names the topics. */
  readonly fleet: string;
  /** Names the connection. */
  readonly server: string;
  readonly brokers: BrokerSource;
  readonly leads: () => boolean;
  readonly upToDate?: () => boolean;
  /** Whether others with the door are known. */
  readonly hasOthers?: () => boolean;
  /** Reports the changes of all servers; absent where this one alone acts. */
  readonly feed?: ChangeFeed;
}

function served(
  config: MqttDoorConfig | undefined,
  { fleet, server, brokers, leads, upToDate, hasOthers, feed }: Acting,
  { engine, credentials, access, observe, servers, shownAs, time, logger }: MqttSurroundings,
): ServedMqtt {
  if (config === undefined) return NO_DOOR;
  if (access !== undefined && credentials === undefined) {
    logger.error({}, 'porta MQTT fechada: sem --broker-credenciais o broker não pergunta quem publica');
    return NO_DOOR;
  }
  if (config.isHidden) {
    logger.warn(
      {},
      'com --cifra o espelho de MQTT fica desligado: --mqtt-claro mostra os valores assim mesmo',
    );
  }
  const topics: Topics = new MqttTopics({
    ...{ clientId: `kvs:mqtt:${server}`, filters: doorFilters(fleet), isNewest: true },
    ...{ brokers, credentials, time, random: systemRandom, logger },
  });
  const admit = access === undefined ? admitAll(engine) : admitKnown(access, engine);
  const seam = { engine, admit, observe, time };
  const mirror: Mirror | undefined =
    config.mirror &&
    new Mirror({
      ...{ fleet, engine, prefixes: config.mirror.prefixes, mostTopics: config.mirror.topics, time, logger },
      open: () =>
        new MqttTopics({
          ...{ clientId: `kvs:espelho:${server}`, filters: mirrorFilters(fleet), isNewest: true },
          readAheadBytes: mqttLimits.readAheadBytes,
          ...{ brokers, credentials, time, random: systemRandom, logger },
        }),
      acts: (): boolean => door.acts,
      publisher: () => ({ servidor: shownAs(), origem: server }),
    });
  const door: MqttDoor = new MqttDoor({
    ...{ fleet, topics, servers, seam, leads, upToDate, hasOthers, mirror, logger },
  });
  feed?.watch(door);
  return {
    ...{ door, mirror },
    isConnected: () => topics.connected,
    start: () => {
      door.start();
    },
    stop: () => door.stop(),
  };
}

/**
 * The door of MQTT on a server of a fleet. All servers that have it listen; of those that can be reached by it, the one
 * with the lowest origin acts.
 * @param surroundings with the engine to write through: `fleet` itself, or the journal in front of it
 */
export function fleetMqtt(
  config: MqttDoorConfig | undefined,
  fleetName: string,
  fleet: FleetEngine,
  brokers: BrokerSource,
  surroundings: MqttSurroundings,
): ServedMqtt {
  const { origin, member } = fleet;
  return served(
    config,
    {
      ...{ fleet: fleetName, server: origin, brokers, feed: fleet },
      leads: () => member.leads('mqtt'),
      upToDate: () => member.upToDate,
      hasOthers: () => member.peers.have('mqtt'),
    },
    surroundings,
  );
}

/**
 * The door of MQTT on a server whose engine has a store in common with other servers. The one that was given a broker
 * acts.
 * @param name names the topics
 */
export function commonStoreMqtt(
  config: MqttDoorConfig | undefined,
  name: string,
  transport: Transport | undefined,
  surroundings: MqttSurroundings,
): ServedMqtt {
  const brokers = externalBrokers(config?.brokers ?? [], transport);
  return served(config, { fleet: name, server: drawName(), brokers, leads: () => true }, surroundings);
}
