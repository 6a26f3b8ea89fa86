import { createHash } from 'node:crypto';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { supervisorLimits } from './limits.js';

interface ObserverDeps {
  readonly url: string;
  readonly fleet: string;
  readonly onMessage: (topic: string, payload: Buffer) => void;
  /** The subscription is open, or no more. */
  readonly onListening: (isListening: boolean) => void;
}

/** Hears all that a fleet says on its broker, as any other subscriber does. */
export class BrokerObserver {
  private readonly client: MqttClient;
  private isListening = false;

  constructor({ url, fleet, onMessage, onListening }: ObserverDeps) {
    this.client = mqtt.connect(url, {
      ...{ protocolVersion: 4, clean: true, keepalive: 5, resubscribe: false },
      ...{ reconnectPeriod: supervisorLimits.retryMs, connectTimeout: supervisorLimits.callMs },
    });
    const tell = (isListening: boolean): void => {
      if (this.isListening === isListening) return;
      this.isListening = isListening;
      onListening(isListening);
    };
    this.client.on('connect', () => {
      this.client.subscribe(`kvs/${fleet}/#`, { qos: 1 }, (error) => {
        tell(error === null);
      });
    });
    this.client.on('close', () => {
      tell(false);
    });
    // It tries again by itself.
    this.client.on('error', () => undefined);
    this.client.on('message', onMessage);
  }

  async stop(): Promise<void> {
    await this.client.endAsync(true);
  }
}

/** How servers and recorder know a message again: the first bytes of its SHA-256, in hexadecimal. */
export function digestOf(payload: Buffer): string {
  return createHash('sha256').update(payload).digest('hex').slice(0, 16);
}
