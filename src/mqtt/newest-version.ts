import { BoundedMap } from '../core/bounded-map.js';
import type { OutgoingMessage } from '../ports/topics.js';
import type { BrokerAddress } from './broker-url.js';
import { mqttLimits } from './limits.js';
import { connectMqtt } from './mqtt-connection.js';
import type {
  BrokerConnection,
  BrokerConnectionListener,
  BrokerConnectionOptions,
  Connect,
} from './mqtt-connection.js';
import type { MqttVersion } from './mqtt-messages.js';

/** Failures that a broker may have because it does not know MQTT 5: it says so, or closes the connection. */
const PERHAPS_OLD: ReadonlySet<string> = new Set([
  ...['CONNACK_1', 'CONNACK_132', 'CONNACK_129', 'CONNACK_130'],
  ...['FECHADA', 'ECONNRESET', 'EPIPE', 'ERRO'],
]);

/** Reasons of MQTT 5 that MQTT 3.1.1 has too, by its number. */
const OLDER_CODES: Readonly<Record<string, string>> = {
  CONNACK_133: 'CONNACK_2',
  CONNACK_136: 'CONNACK_3',
  CONNACK_134: 'CONNACK_4',
  CONNACK_135: 'CONNACK_5',
};

/** Addresses whose version is remembered. */
const ADDRESSES_MAX = 64;

/**
 * Makes connections of MQTT 5 where the broker has it, and of MQTT 3.1.1 elsewhere. What a broker does not have is
 * remembered for a while, so that not every connection is made twice.
 */
export function newestVersion(connect: Connect = connectMqtt): Connect {
  /** When each broker turned out to be an old one, by its URL. */
  const old = new BoundedMap<string, number>(ADDRESSES_MAX);
  return (options, listener) => {
    const { url } = options.address;
    const nowMs = options.time.monotonicMs();
    const isOld = nowMs - (old.get(url) ?? -Infinity) < mqttLimits.versionRetryMs;
    const onOld = (): void => old.put(url, nowMs);
    return new NewestConnection(connect, options, listener, isOld ? 4 : 5, onOld);
  };
}

class NewestConnection implements BrokerConnection {
  private inner: BrokerConnection;
  private isAborted = false;

  constructor(
    private readonly connect: Connect,
    private readonly options: BrokerConnectionOptions,
    private readonly listener: BrokerConnectionListener,
    version: MqttVersion,
    private readonly onOld: () => void,
  ) {
    this.inner = this.attempt(version, false);
  }

  get address(): BrokerAddress {
    return this.options.address;
  }

  get version(): MqttVersion {
    return this.inner.version;
  }

  publish(message: OutgoingMessage, acknowledged: (error: Error | undefined) => void): void {
    this.inner.publish(message, acknowledged);
  }

  end(deadlineMs: number): Promise<void> {
    this.isAborted = true;
    return this.inner.end(deadlineMs);
  }

  abort(): void {
    this.isAborted = true;
    this.inner.abort();
  }

  /** @param isSecond whether the newer version has just failed here */
  private attempt(version: MqttVersion, isSecond: boolean): BrokerConnection {
    const { listener } = this;
    return this.connect(
      { ...this.options, version },
      {
        onOpen: () => {
          if (isSecond) this.onOld();
          listener.onOpen();
        },
        onFailed: (code, detail) => {
          if (version === 5 && PERHAPS_OLD.has(code) && !this.isAborted) this.inner = this.attempt(4, true);
          else listener.onFailed(OLDER_CODES[code] ?? code, detail);
        },
        onClosed: (detail) => {
          listener.onClosed(detail);
        },
        onMessage: (message) => {
          listener.onMessage(message);
        },
      },
    );
  }
}
