import type { BrokerAddress } from '../mqtt/broker-url.js';
import type { ServerValues } from './server-options.js';
import type { Settings } from './settings.js';

/** What the mirror of MQTT shows. */
interface MirrorConfig {
  /** The keys that begin with one of these. */
  readonly prefixes: readonly string[];
  /** At most so many of them. */
  readonly topics: number;
}

/** The door of MQTT. */
export interface MqttDoorConfig {
  /** Its brokers, in order of preference; empty on a fleet, which has its own. */
  readonly brokers: readonly BrokerAddress[];
  /** `undefined`: no value is shown. */
  readonly mirror: MirrorConfig | undefined;
  /** Whether there is no mirror because the fleet's messages are encrypted. */
  readonly isHidden: boolean;
}

/** The door of MQTT; `undefined` if it stays closed. */
export function mqttDoorConfig(settings: Settings<ServerValues>): MqttDoorConfig | undefined {
  const brokers = settings.value('mqtt-broker');
  if (!settings.value('mqtt') && brokers.length === 0) return undefined;
  const topics = settings.value('mqtt-topicos');
  const isHidden = settings.value('cifra') && !settings.value('mqtt-claro');
  const mirror = topics === 0 || isHidden ? undefined : { prefixes: settings.value('mqtt-prefixo'), topics };
  return Object.freeze({ brokers, mirror, isHidden });
}
