import { limits } from '../../../core/limits.js';
import { mqttLimits } from '../../../mqtt/limits.js';
import type { Batch } from '../../../core/mutation.js';
import { BurstLog } from '../../../ports/burst-log.js';
import type { Bus, BusListener, Message, PresenceMessage } from '../../../ports/bus.js';
import { BusTap } from './bus-tap.js';
import { Carriage } from './carriage.js';
import type { ArrivalEffect } from '../../../ports/trace.js';
import { BrokerLink } from '../../../mqtt/broker-link.js';
import { DROP_REASONS } from '../../../wire/checks.js';
import type { DropReason } from '../../../wire/checks.js';
import type { Contact } from './contact.js';
import { decode, unpackBatch } from './decode-messages.js';
import { encode, lookBody, packBatch } from './encode-messages.js';
import { KeyMismatch } from './key-mismatch.js';
import type { BusCounters, MqttBusOptions } from './mqtt-bus-options.js';
import type { Will } from '../../../mqtt/mqtt-connection.js';
import { PublishWindow } from '../../../mqtt/publish-window.js';
import type { Lane } from '../../../mqtt/publish-window.js';
import { looksSealed } from './seal/opener.js';
import { SealedChannel } from './sealed-channel.js';
import { ownTopic, parseTopic, subscriptionFilters, topicOf } from './topics.js';
import type { TopicParts } from './topics.js';

/**
 * The bus over MQTT 3.1.1: QoS 1, clean session, nothing retained, nothing queued while no broker is connected.
 *
 * The broker sends a server its own batches too (3.1.1 has no way to prevent that). They are counted and not delivered:
 * decoding them would double the cost of every write, and a batch under our own name from elsewhere is forged.
 */
export class MqttBus implements Bus {
  private readonly link: BrokerLink;
  private readonly window: PublishWindow;
  private readonly invalid: BurstLog;
  private readonly mismatch: KeyMismatch;
  private readonly channel: SealedChannel | undefined;
  private readonly carriage: Carriage;
  private readonly tap: BusTap | undefined;
  /** The messages of the last probe, the large one first. */
  private looks: readonly Buffer[] = [];
  private readonly dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<
    DropReason,
    number
  >;
  private readonly totals = {
    published: 0,
    publishedBytes: 0,
    failed: 0,
    received: 0,
    receivedBytes: 0,
    echoes: 0,
  };
  private listener: BusListener | undefined;
  private stopping = false;
  private leaveSeen: () => void = () => undefined;

  constructor(private readonly options: MqttBusOptions) {
    const { fleet, origin, time, logger, seal } = options;
    this.window = new PublishWindow(time);
    this.mismatch = new KeyMismatch(time, logger, options.onOtherKeys);
    this.invalid = new BurstLog(time, logger, 'mensagem inválida descartada');
    this.carriage = new Carriage({
      ...{ time, logger, broker: () => this.broker },
      send: (look, bytes) => {
        this.sendLook(look, bytes);
      },
    });
    this.link = new BrokerLink(
      {
        ...options,
        // All connections share one id: a broker that has not noticed that the last one broke drops it, and publishes
        // its will first.
        clientId: `kvs:${fleet}:${origin}`,
        filters: subscriptionFilters(fleet, origin).map((filter) => ({ filter, qos: 1 })),
        will: (attempt) => this.will(attempt),
      },
      {
        onUp: () => {
          this.carriage.connected();
          this.guard(() => this.listener?.onConnected());
        },
        onDown: () => {
          this.window.loseAll();
          this.carriage.disconnected();
          this.guard(() => this.listener?.onDisconnected());
        },
        onMessage: ({ topic, payload }) => {
          if (this.tap === undefined) this.receive(topic, payload);
          else this.tap.receive(topic, payload);
        },
      },
    );
    this.channel =
      seal &&
      new SealedChannel(
        { fleet, origin, seal, time },
        {
          connection: () => this.link.connectionNumber,
          send: (contact) => !this.stopping && this.send(contact, undefined),
          deliver: (message, bytes) => this.deliver(message, bytes),
          drop: (reason, from) => {
            this.drop(reason, from);
          },
        },
      );
    this.tap =
      options.tap &&
      new BusTap(options.tap, {
        ...{ fleet, origin, isSealed: this.isSealed },
        receive: (topic, payload) => this.receive(topic, payload),
        contentOf: (topic, from, payload) =>
          this.channel ? this.channel.contentOf(topic, from, payload) : payload,
        appliedMutations: () => this.listener?.appliedMutations?.() ?? 0,
      });
  }

  get connected(): boolean {
    return this.link.connection !== undefined && !this.stopping;
  }

  get isSealed(): boolean {
    return this.channel !== undefined;
  }

  /** Whether servers of this fleet were heard recently that have another key, or none, or one where this has none. */
  get hearsOtherKeys(): boolean {
    return this.mismatch.stands;
  }

  /** URL of the connected broker, for health and the log. */
  get broker(): string | undefined {
    return this.link.connection?.address.url;
  }

  get counters(): BusCounters {
    const { reconnects } = this.link;
    const { size: unacknowledged } = this.window;
    return { ...this.totals, dropped: { ...this.dropped }, reconnects, unacknowledged };
  }

  get limitBytes(): number | undefined {
    return this.carriage.limitBytes;
  }

  sizeOf(message: Message): number {
    return encode(this.options.fleet, message).length + (this.channel ? limits.sealBytes : 0);
  }

  start(listener: BusListener): void {
    this.listener = listener;
    this.link.start();
  }

  pack(batch: Batch): string {
    return packBatch(this.options.fleet, batch);
  }

  unpack(packed: string): Batch {
    return unpackBatch(packed);
  }

  /** A refusal is reported at the end of the turn, never from inside this call: `settled` may publish again. */
  publish(message: Message, settled?: (taken: boolean) => void): void {
    if (this.stopping || !this.send(message, settled)) {
      this.options.time.atEndOfTurn(() => {
        this.settle(settled, false);
      });
    }
  }

  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.listener = undefined;
    this.carriage.stop();
    const { time, brokers } = this.options;
    const deadline = time.monotonicMs() + mqttLimits.stopMs;
    const left = (): number => Math.max(0, deadline - time.monotonicMs());
    if (this.link.connection) {
      await this.window.drained(left() / 2);
      await this.sayGoodbye(left() / 2);
    }
    await this.link.stop(left());
    this.channel?.stop();
    this.window.loseAll();
    await brokers.stop();
  }

  /** Waits until our own leave has come back: an acknowledgement does not mean that the broker has forwarded it. */
  private async sayGoodbye(deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.options.time.after(deadlineMs, resolve);
      this.leaveSeen = () => {
        cancel();
        resolve();
      };
      if (!this.send(this.leave(), undefined)) this.leaveSeen();
    });
  }

  private will(attempt: number): Will {
    const { fleet } = this.options;
    const leave = this.leave();
    const payload = this.channel?.encodeWill(attempt, leave) ?? encode(fleet, leave);
    return { topic: topicOf(fleet, leave), payload };
  }

  private leave(): PresenceMessage {
    return {
      type: 'presence',
      origin: this.options.origin,
      address: '',
      state: 'leaving',
      wallMs: this.options.time.wallMs(),
      vectorDigest: '',
      storeHash: '',
      recent: [],
    };
  }

  /** @returns whether the message was handed to the broker; otherwise `settled` is never called */
  private send(message: Message | Contact, settled: ((taken: boolean) => void) | undefined): boolean {
    const { connection } = this.link;
    if (!connection) return false;
    const { fleet, logger } = this.options;
    const payload = this.channel?.encode(message) ?? encode(fleet, message);
    const topic = topicOf(fleet, message);
    if (this.tap?.loses(message, topic, payload) === true) {
      // As a broker that took it and lost it.
      this.options.time.atEndOfTurn(() => this.settle(settled, true));
      return true;
    }
    if (payload.length > limits.payloadBytes) {
      logger.error({ tipo: message.type, bytes: payload.length }, 'mensagem grande demais, não publicada');
      return false;
    }
    if (!this.carriage.admits(payload.length)) {
      this.totals.failed++;
      return false;
    }
    const ticket = this.window.take(laneOf(message), (taken) => {
      if (!taken) this.totals.failed++;
      this.settle(settled, taken);
    });
    if (!ticket) return false;
    this.totals.published++;
    this.totals.publishedBytes += payload.length;
    this.tap?.sent(message, topic, payload);
    connection.publish({ topic, payload }, (error) => {
      this.window.settle(ticket, error === undefined);
    });
    return true;
  }

  /** Sends a probe: a message to this server itself, then a small one. */
  private sendLook(look: number, bytes: number): void {
    const { connection } = this.link;
    const { fleet, origin, random } = this.options;
    const topic = ownTopic(fleet, origin);
    const tag = Math.floor(random.next() * 2 ** 52).toString(36);
    const most = this.channel ? bytes - limits.sealBytes : bytes;
    const bodies = [most, 0].map((size) => lookBody(fleet, origin, tag, look, size));
    this.looks = bodies.map((body) => this.channel?.seal(topic, body) ?? body);
    for (const [index, payload] of this.looks.entries()) {
      if (connection) this.tap?.sentLook(topic, bodies[index] ?? payload, payload);
      connection?.publish({ topic, payload }, () => undefined);
    }
  }

  /** A message from this server to itself must be that of the last probe, which nobody else can have sent before. */
  private lookReturned(payload: Buffer): void {
    const which = this.looks.findIndex((sent) => sent.equals(payload));
    if (which < 0) this.drop('TOPICO', this.options.origin);
    else this.carriage.cameBack(which === 0);
  }

  private settle(settled: ((taken: boolean) => void) | undefined, taken: boolean): void {
    if (settled) {
      this.guard(() => {
        settled(taken);
      });
    }
  }

  private receive(topic: string, payload: Buffer): ArrivalEffect {
    const { origin } = this.options;
    const parts = parseTopic(topic);
    // Not subscribed to, but a broker could deliver a recording of it, which must not verify its sender.
    const isForAnother = parts?.channel === 'sync' && parts.to !== origin;
    if (!parts || isForAnother) return this.drop('TOPICO', topic.slice(0, 128));
    if (parts.channel === 'batches' && parts.from === origin) {
      this.totals.echoes++;
      this.carriage.returned(payload.length);
      return 'ignored';
    }
    if (parts.channel === 'sync' && parts.from === origin) {
      this.lookReturned(payload);
      return 'ignored';
    }
    return this.channel?.receive(topic, parts, payload) ?? this.receivePlain(parts, payload);
  }

  private receivePlain(parts: TopicParts, payload: Buffer): ArrivalEffect {
    const decoded = decode(parts, this.options.fleet, payload);
    if (decoded.ok) return this.deliver(decoded.message, payload.length);
    const unread = decoded.reason === 'JSON' || decoded.reason === 'UTF8';
    return this.drop(unread && looksSealed(payload) ? 'SELADA' : decoded.reason, parts.from);
  }

  private deliver(message: Message, bytes: number): ArrivalEffect {
    this.totals.received++;
    this.totals.receivedBytes += bytes;
    if (this.stopping && message.type === 'presence' && message.origin === this.options.origin)
      this.leaveSeen();
    let effect: ArrivalEffect = 'ignored';
    this.guard(() => {
      effect = this.listener?.onMessage(message, bytes) ?? effect;
    });
    return effect;
  }

  private drop(reason: DropReason, origin: string): 'ignored' {
    this.dropped[reason]++;
    this.invalid.report(reason, origin);
    this.mismatch.note(reason, origin);
    return 'ignored';
  }

  /** An exception from our callbacks must not reach the client library, which would lose its place in the stream. */
  private guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.options.logger.error({ erro: String(error) }, 'erro interno ao tratar um evento do broker');
    }
  }
}

function laneOf({ type }: Message | Contact): Lane {
  return type === 'batch' || type === 'challenge' ? type : 'control';
}
