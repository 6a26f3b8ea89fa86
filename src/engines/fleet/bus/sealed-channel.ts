import type { Origin } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import type { Message, PresenceMessage } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import type { ArrivalEffect } from '../../../ports/trace.js';
import type { DropReason } from '../../../wire/checks.js';
import { isContact } from './contact.js';
import type { Contact } from './contact.js';
import { decodeSealed } from './decode-messages.js';
import { encode } from './encode-messages.js';
import { Liveness } from './seal/liveness.js';
import type { LivenessVerdict } from './seal/liveness.js';
import { Opener } from './seal/opener.js';
import type { Opened } from './seal/opener.js';
import { Sealer } from './seal/sealer.js';
import type { SealOptions } from './seal/sealer.js';
import { Suspects } from './seal/suspects.js';
import { defaultSealTuning } from './seal/tuning.js';
import { topicOf } from './topics.js';
import type { TopicParts } from './topics.js';

interface ChannelOptions {
  readonly fleet: string;
  readonly origin: Origin;
  readonly seal: SealOptions;
  readonly time: Time;
}

/** What a channel needs from its surroundings. */
interface ChannelListener {
  /** Number of the current connection, at least 1. */
  connection(): number;
  /** Publishes a message of the channel's own. Returns whether it was handed to a broker. */
  send(contact: Contact): boolean;
  /** @param bytes its size on the wire, sealed */
  deliver(message: Message, bytes: number): ArrivalEffect;
  drop(reason: DropReason, origin: Origin): void;
}

/**
 * The channel between the servers of a fleet with a key. It seals what is published, and lets a message through once,
 * if a living holder of the key sealed it for the topic where it arrived. See docs/decisions/0011-fleet-key.md.
 *
 *     payload → opener (which key, what, for this topic?) → liveness (sender alive? message new?) → decode → member
 *                                                             └ unknown: suspects (challenge, hold) ┘
 */
export class SealedChannel {
  readonly liveness: Liveness;
  readonly suspects: Suspects;
  private readonly sealer: Sealer;
  private readonly opener: Opener;
  private presence: PresenceMessage | undefined;

  constructor(
    private readonly options: ChannelOptions,
    private readonly listener: ChannelListener,
  ) {
    const { origin, seal, time } = options;
    const tuning = seal.tuning ?? defaultSealTuning;
    this.liveness = new Liveness(origin, tuning.verifiedOrigins);
    this.sealer = new Sealer(origin, seal);
    this.opener = new Opener(seal.ring, tuning.sealKeysKept);
    this.suspects = new Suspects(
      time,
      {
        challenge: (suspect) => this.contact('challenge', suspect),
        refused: (suspect, messages) => {
          for (let i = 0; i < messages; i++) listener.drop('NAO_VERIFICADA', suspect);
        },
      },
      tuning,
    );
  }

  /** Encodes and seals a message. */
  encode(message: Message | Contact): Buffer {
    if (message.type === 'presence') this.presence = message;
    const { fleet } = this.options;
    const purpose = message.type === 'batch' ? 'batch' : 'control';
    const body = encode(fleet, message);
    return this.sealer.seal(topicOf(fleet, message), purpose, this.listener.connection(), body);
  }

  /** Seals a message of this server to itself. */
  seal(topic: string, body: Buffer): Buffer {
    return this.sealer.seal(topic, 'control', this.listener.connection(), body);
  }

  /** The sealed will of one connection, whose number is never used for another. */
  encodeWill(connection: number, message: PresenceMessage): Buffer {
    const { fleet } = this.options;
    return this.sealer.sealWill(topicOf(fleet, message), connection, encode(fleet, message));
  }

  /**
   * Takes a payload from a subscribed topic. The caller must already have sorted out this server's own batches and
   * messages to other servers: an exchange proves that its sender is alive only to the server named in the topic.
   * @returns what it did
   */
  receive(topic: string, parts: TopicParts, payload: Buffer): ArrivalEffect {
    const { from } = parts;
    if (parts.fleet !== this.options.fleet) return this.drop('FROTA', from);
    if (payload.length > limits.payloadBytes) return this.drop('TAMANHO', from);
    const opened = this.opener.open(topic, from, payload);
    if (typeof opened === 'string') return this.drop(opened, from);
    const take = (): ArrivalEffect => this.take(parts, opened, payload.length);
    switch (parts.channel) {
      case 'batches':
        return this.receiveBatch(from, opened, payload.length, take);
      case 'presence':
        return this.receivePresence(from, opened, take);
      case 'sync':
        return this.receiveAddressed(from, opened, take);
    }
  }

  /** The content of a payload, for people; `undefined` if no key of this server opens it. Changes nothing. */
  contentOf(topic: string, from: Origin, payload: Buffer): Buffer | undefined {
    const opened = this.opener.open(topic, from, payload);
    return typeof opened === 'string' ? undefined : opened.body;
  }

  stop(): void {
    this.suspects.stop();
  }

  /** Batches need no replay check: the member recognizes a repeated one by its seq. */
  private receiveBatch(
    from: Origin,
    { head }: Opened,
    bytes: number,
    take: () => ArrivalEffect,
  ): ArrivalEffect {
    if (head.purpose !== 'batch') return this.drop('SELO', from);
    if (this.liveness.isVerified(from)) return take();
    return this.suspects.hold(from, bytes, take) ? 'held' : 'ignored';
  }

  private receivePresence(from: Origin, { head }: Opened, take: () => ArrivalEffect): ArrivalEffect {
    if (head.purpose === 'batch') return this.drop('SELO', from);
    const isWill = head.purpose === 'will';
    const verdict = isWill ? this.liveness.will(from, head) : this.liveness.toEveryone(from, head);
    // The sender of a will is gone and cannot answer a challenge.
    if (verdict !== 'unverified' || isWill) return this.settle(verdict, from, take);
    this.suspects.note(from);
    return 'ignored';
  }

  private receiveAddressed(from: Origin, { head }: Opened, take: () => ArrivalEffect): ArrivalEffect {
    if (head.purpose !== 'control') return this.drop('SELO', from);
    const verdict = this.liveness.addressed(from, head);
    const effect = this.settle(verdict, from, take);
    if (verdict === 'accepted') this.suspects.release(from);
    return effect;
  }

  private settle(verdict: LivenessVerdict, from: Origin, take: () => ArrivalEffect): ArrivalEffect {
    if (verdict === 'accepted') return take();
    return this.drop(verdict === 'repeated' ? 'REPETIDA' : 'NAO_VERIFICADA', from);
  }

  private take(parts: TopicParts, { head, body }: Opened, bytes: number): ArrivalEffect {
    const decoded = decodeSealed(parts, this.options.fleet, body);
    if (!decoded.ok) return this.drop(decoded.reason, parts.from);
    const { message } = decoded;
    if (isContact(message)) {
      if (message.presence) this.listener.deliver(message.presence, bytes);
      if (message.type === 'answer') return 'noted';
      return this.contact('answer', message.from) ? 'answered' : 'noted';
    }
    if (head.purpose === 'will' && (message.type !== 'presence' || message.state !== 'leaving'))
      return this.drop('SELO', parts.from);
    return this.listener.deliver(message, bytes);
  }

  private drop(reason: DropReason, from: Origin): ArrivalEffect {
    this.listener.drop(reason, from);
    return 'ignored';
  }

  private contact(type: Contact['type'], to: Origin): boolean {
    const { origin, time } = this.options;
    const presence = this.presence && { ...this.presence, wallMs: time.wallMs() };
    return this.listener.send({ type, from: origin, to, presence });
  }
}
