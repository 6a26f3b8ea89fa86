import { laboratoryLimits } from './limits.js';
import type { SeenMessage } from './observation.js';

/** A message that has left, and where it was seen since. */
export interface KnownMessage {
  readonly id: string;
  readonly key: string;
  readonly from: string;
  /** Absent: everybody. */
  readonly to: string | undefined;
  /** When it left. */
  readonly t: number;
  /** How often the broker has told of it. */
  relays: number;
  /** Hosts where it has arrived, or was dropped on arrival. */
  readonly arrivals: Set<string>;
}

/**
 * Which messages have left. Messages are told apart by topic, addressee and digest; equal ones are taken in the order in
 * which they left, first in, first out for each sender and receiver. Remembers the newest.
 */
export class MessageBook {
  private readonly byKey = new Map<string, KnownMessage[]>();
  private readonly order: KnownMessage[] = [];
  private forgotten = 0;
  private ids = 0;

  static keyOf(topic: string, to: string, digest: string): string {
    // A topic says whom it is for.
    return `${topic === '' ? to : topic}\n${digest}`;
  }

  sent(from: string, t: number, { topic, to, digest }: SeenMessage): KnownMessage {
    const key = MessageBook.keyOf(topic, to ?? '', digest);
    const known = { id: `m${++this.ids}`, key, from, to, t, relays: 0, arrivals: new Set<string>() };
    const equal = this.byKey.get(key);
    if (equal === undefined) this.byKey.set(key, [known]);
    else {
      equal.push(known);
      if (equal.length > laboratoryLimits.equalMessages) equal.shift();
    }
    this.order.push(known);
    if (this.order.length - this.forgotten > laboratoryLimits.openMessages) this.forgetFirst();
    return known;
  }

  /**
   * The first that has not been seen there yet, unless it has left so long ago that it must have been lost on the way.
   * @param at a receiver; `undefined`: the broker
   * @param t when it was seen
   */
  free(message: SeenMessage, at: string | undefined, t: number): KnownMessage | undefined {
    const unseen = this.all(message).filter(({ relays, arrivals }) =>
      at === undefined ? relays === 0 : !arrivals.has(at),
    );
    return unseen.find((known) => t - known.t < laboratoryLimits.lateMs) ?? unseen.at(-1);
  }

  /** The last of them that has left. */
  last(message: SeenMessage): KnownMessage | undefined {
    return this.all(message).at(-1);
  }

  private all({ topic, to = '', digest, from }: SeenMessage): readonly KnownMessage[] {
    const found = this.byKey.get(MessageBook.keyOf(topic, to, digest)) ?? [];
    return from === undefined ? found : found.filter((known) => known.from === from);
  }

  private forgetFirst(): void {
    const first = this.order[this.forgotten++];
    if (first === undefined) return;
    const equal = this.byKey.get(first.key);
    if (equal?.[0] === first) equal.shift();
    if (equal?.length === 0) this.byKey.delete(first.key);
    if (this.forgotten < laboratoryLimits.openMessages) return;
    this.order.splice(0, this.forgotten);
    this.forgotten = 0;
  }
}
