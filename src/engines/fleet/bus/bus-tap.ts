import type { Origin } from '../../../core/dot.js';
import type { Message } from '../../../ports/bus.js';
import type { ArrivalEffect, MessageTap } from '../../../ports/trace.js';
import type { Contact } from './contact.js';
import { decode, decodeSealed } from './decode-messages.js';
import { encode } from './encode-messages.js';
import { parseTopic } from './topics.js';
import type { TopicParts } from './topics.js';

interface BusTapDeps {
  readonly fleet: string;
  readonly origin: Origin;
  readonly isSealed: boolean;
  /** Handles a message that is not lost. */
  receive(topic: string, payload: Buffer): ArrivalEffect;
  /** The content of a payload; `undefined` if it cannot be opened. */
  contentOf(topic: string, from: Origin, payload: Buffer): Buffer | undefined;
  /** Mutations that messages have applied so far. */
  appliedMutations(): number;
}

/** A laboratory's place in the bus: tells what leaves and what comes from other servers, and loses some of it. */
export class BusTap {
  constructor(
    private readonly tap: MessageTap,
    private readonly deps: BusTapDeps,
  ) {}

  /** Whether a message that is to leave is lost instead. */
  loses(message: Message | Contact, topic: string, payload: Buffer): boolean {
    if (!this.tap.drops('out')) return false;
    this.tell('descarta_saida', message, topic, payload);
    return true;
  }

  /** To be called when a message is handed to the connection. */
  sent(message: Message | Contact, topic: string, payload: Buffer): void {
    this.tell('envia', message, topic, payload);
  }

  /** The same for a probe. It is a message of a server to itself, so it is never lost on purpose. */
  sentLook(topic: string, body: Buffer, payload: Buffer): void {
    if (this.tap.isTracing)
      this.tap.tell({ step: 'envia', channel: topic, type: 'confirm', body, wire: payload });
  }

  /** Takes what the broker delivers. What this server sent itself is not from another one: neither told nor lost. */
  receive(topic: string, payload: Buffer): void {
    const { tap, deps } = this;
    const parts = parseTopic(topic);
    if (!parts || parts.from === deps.origin) {
      deps.receive(topic, payload);
      return;
    }
    const isLost = tap.drops('in');
    if (!tap.isTracing) {
      if (!isLost) deps.receive(topic, payload);
      return;
    }
    const content = deps.contentOf(topic, parts.from, payload);
    const [body, type] = content ? [content, this.typeOf(parts, content)] : [payload, ''];
    const step = isLost ? 'descarta_entrada' : 'recebe';
    // Told before it is handled: what it causes to be sent comes after it.
    const handled = tap.tell({ step, channel: topic, type, body, wire: payload });
    if (isLost) return;
    const before = deps.appliedMutations();
    const effect = deps.receive(topic, payload);
    handled.applied = deps.appliedMutations() - before;
    handled.effect = handled.applied > 0 ? 'applied' : effect;
  }

  private tell(
    step: 'envia' | 'descarta_saida',
    message: Message | Contact,
    channel: string,
    wire: Buffer,
  ): void {
    if (!this.tap.isTracing) return;
    const body = encode(this.deps.fleet, message);
    this.tap.tell({ step, channel, type: message.type, body, wire });
  }

  private typeOf(parts: TopicParts, body: Buffer): string {
    const { fleet, isSealed } = this.deps;
    const decoded = isSealed ? decodeSealed(parts, fleet, body) : decode(parts, fleet, body);
    return decoded.ok ? decoded.message.type : '';
  }
}
