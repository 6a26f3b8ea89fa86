import { setTimeout as pause } from 'node:timers/promises';
import { systemTime } from '../../../app/system-time.js';
import type { BrokerAddress, BrokerCredentials } from '../../../mqtt/broker-url.js';
import { connectMqtt } from '../../../mqtt/mqtt-connection.js';
import type { BrokerConnection } from '../../../mqtt/mqtt-connection.js';
import { refusalAdvice } from '../../../mqtt/failure-text.js';
import { conformanceLimits } from '../limits.js';

const FILTER = 'portal/admin/#';

/** A message of the broker. */
interface TopicMessage {
  readonly topic: string;
  readonly payload: string;
}

/** The portal's topics at a broker: what was published since the beginning, and publishing. */
export class PortalTopics {
  private readonly seen: TopicMessage[] = [];
  private isLost = false;
  private connection: BrokerConnection | undefined;

  /** @returns why the broker cannot be used, if so, for people */
  async open(
    address: BrokerAddress,
    clientId: string,
    credentials?: BrokerCredentials,
  ): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.connection = connectMqtt(
        { address, clientId, credentials, filters: [{ filter: FILTER, qos: 1 }], time: systemTime },
        {
          onOpen: () => resolve(undefined),
          onFailed: (code, detail) => {
            const advice = refusalAdvice(code, credentials !== undefined);
            resolve(`o broker em ${address.url} não serve: ${advice ?? `${detail} (${code})`}`);
          },
          onClosed: () => {
            this.isLost = true;
          },
          onMessage: ({ topic, payload }) => {
            // Servers that answer each other in circles publish without end.
            if (this.seen.length < conformanceLimits.topicMessages) {
              this.seen.push({ topic, payload: payload.toString('utf8') });
            }
          },
        },
      );
    });
  }

  /** Publishes, and waits until the broker has it. @returns whether it has */
  publish(topic: string, payload: string): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.connection === undefined || this.isLost) {
        resolve(false);
        return;
      }
      const timer = setTimeout(resolve, conformanceLimits.connectMs, false);
      this.connection.publish({ topic, payload }, (error) => {
        clearTimeout(timer);
        resolve(error === undefined);
      });
    });
  }

  /** What was published on a topic with these fields; blanks around them are of no matter. */
  matching(topic: string, fields: readonly string[]): readonly TopicMessage[] {
    return this.seen.filter(
      (message) =>
        message.topic === topic &&
        message.payload
          .split(',')
          .map((field) => field.trim())
          .join(',') === fields.join(','),
    );
  }

  /** The payloads on all topics that mention a text, for people. */
  mentioning(text: string): readonly string[] {
    return this.seen
      .filter(({ payload }) => payload.includes(text))
      .map(({ topic, payload }) => `${topic} ${payload}`);
  }

  /** Waits for such a message. @returns whether it came in time */
  async comes(topic: string, fields: readonly string[], withinMs: number): Promise<boolean> {
    const beganMs = performance.now();
    while (this.matching(topic, fields).length === 0) {
      if (performance.now() - beganMs >= withinMs) return false;
      await pause(conformanceLimits.lookMs);
    }
    return true;
  }

  async close(): Promise<void> {
    await this.connection?.end(conformanceLimits.connectMs);
  }
}
