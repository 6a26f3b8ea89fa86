import { mqttLimits } from './limits.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import type { OutgoingMessage, Topics, TopicsListener } from '../ports/topics.js';
import { BrokerLink } from './broker-link.js';
import type { BrokerSource } from './broker-source.js';
import type { BrokerCredentials } from './broker-url.js';
import type { MqttVersion, TopicFilter } from './mqtt-messages.js';
import { newestVersion } from './newest-version.js';
import { PublishWindow } from './publish-window.js';

interface MqttTopicsOptions {
  /** Names the connection to the broker. */
  readonly clientId: string;
  readonly filters: readonly TopicFilter[];
  /** Bytes that may come before they are looked at, for whoever asks for many retained messages; absent: few. */
  readonly readAheadBytes?: number;
  /** Whether MQTT 5 is used where the broker has it; otherwise 3.1.1. */
  readonly isNewest?: boolean;
  /** Not stopped together with the topics: others may use it too. */
  readonly brokers: BrokerSource;
  readonly credentials?: BrokerCredentials | undefined;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
}

/** An application's own connection to the broker: QoS 1 for what it publishes, and a clean session. */
export class MqttTopics implements Topics {
  private readonly link: BrokerLink;
  private readonly window: PublishWindow;
  private listener: TopicsListener | undefined;

  constructor(private readonly options: MqttTopicsOptions) {
    this.window = new PublishWindow(options.time);
    const connect = options.isNewest === true ? newestVersion() : undefined;
    this.link = new BrokerLink(
      { ...options, connect },
      {
        onUp: () => this.listener?.onConnected(),
        onDown: () => {
          this.window.loseAll();
          this.listener?.onDisconnected();
        },
        onMessage: (message) => this.listener?.onMessage(message),
      },
    );
  }

  get connected(): boolean {
    return this.link.connection !== undefined;
  }

  start(listener: TopicsListener): void {
    this.listener = listener;
    this.link.start();
  }

  get protocol(): MqttVersion | undefined {
    return this.link.connection?.version;
  }

  publish(message: OutgoingMessage, settled: (taken: boolean) => void): void {
    const { connection } = this.link;
    const ticket = connection && this.window.take('control', settled);
    if (connection === undefined || ticket === undefined) {
      this.options.time.atEndOfTurn(() => {
        settled(false);
      });
      return;
    }
    connection.publish(message, (error) => {
      this.window.settle(ticket, error === undefined);
    });
  }

  async stop(): Promise<void> {
    this.listener = undefined;
    if (this.link.connection) await this.window.drained(mqttLimits.stopMs / 2);
    await this.link.stop(mqttLimits.stopMs / 2);
    this.window.loseAll();
  }
}
