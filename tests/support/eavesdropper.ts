import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { eventually } from './eventually.js';

/** A message that went by. */
export interface Overheard {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Somebody on the broker without a key: hears everything of a fleet, and says it again. Outlives the broker. */
export class Eavesdropper {
  readonly heard: Overheard[] = [];
  listening = true;
  /** Messages to itself: the last that it sent, and the last that came back. */
  private asked = 0;
  private answered = 0;

  private constructor(
    private readonly client: MqttClient,
    private readonly probe: string,
  ) {}

  static async open(url: string, fleet: string): Promise<Eavesdropper> {
    const client = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 100, resubscribe: false });
    const probe = `prova/${fleet}/`;
    const self = new Eavesdropper(client, probe);
    client.on('error', () => undefined);
    client.on('connect', () => {
      client.subscribe([`kvs/${fleet}/#`, `${probe}+`], { qos: 1 }, () => undefined);
    });
    client.on('message', (topic, payload) => {
      if (topic.startsWith(probe)) self.answered = Number(topic.slice(probe.length));
      else if (self.listening) self.heard.push({ topic, payload });
    });
    await self.caughtUp();
    return self;
  }

  /** Waits until a message to itself has come back: then what it said before has gone out to everyone. */
  async caughtUp(): Promise<void> {
    const first = this.asked + 1;
    await eventually('the eavesdropper hears itself', () => {
      if (this.client.connected)
        this.client.publish(`${this.probe}${++this.asked}`, '', { qos: 1 }, () => undefined);
      return this.answered >= first;
    });
  }

  async say({ topic, payload }: Overheard): Promise<void> {
    await this.client.publishAsync(topic, payload, { qos: 1 });
  }

  /** Says messages again in their order. */
  async replay(messages: readonly Overheard[]): Promise<void> {
    this.listening = false;
    for (let at = 0; at < messages.length; at += 50)
      await Promise.all(messages.slice(at, at + 50).map((message) => this.say(message)));
    await this.caughtUp();
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}
