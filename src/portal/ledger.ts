import { BoundedMap } from '../core/bounded-map.js';
import { portalLimits } from './limits.js';
import type { Change, PortalMessage } from './changes.js';
import { messageOf, subjectOf } from './changes.js';

interface Held {
  readonly change: Change;
  readonly text: string;
  /** Number of the message in the order of arrival. */
  readonly number: number;
  untilMs: number;
}

interface Expected {
  readonly message: PortalMessage;
  count: number;
  untilMs: number;
}

/**
 * The messages and changes that a portal server has not matched yet. On MQTT 3.1.1 a message carries no identity, so
 * they are matched as a multiset of topic and payload:
 *
 * - **held**: messages from outside whose change nobody has made yet, as far as this server sees;
 * - **expected**: changes whose message has not come yet. One that comes is an echo, and is never applied.
 *
 * Every server of the fleet keeps both, so that a new gateway knows what the previous one has left undone. Bounded in
 * time and number; the oldest goes first.
 */
export class Ledger {
  /** By the record that they are about, each list in order of arrival. */
  private readonly held = new Map<string, Held[]>();
  private count = 0;
  private lastNumber = 0;
  private readonly expected = new BoundedMap<string, Expected>(portalLimits.messages);

  /** Messages from outside that wait. */
  get heldCount(): number {
    return this.count;
  }

  /** Whether a message is the echo of a known change, which is then no longer expected. */
  consume(message: PortalMessage): boolean {
    const text = textOf(message);
    const found = this.expected.get(text);
    if (found === undefined) return false;
    if (--found.count === 0) this.expected.delete(text);
    return true;
  }

  /** Remembers a message from outside until its change is made, or `untilMs`. Returns what {@link release} takes. */
  hold(change: Change, untilMs: number): object {
    const subject = subjectOf(change);
    const item = { change, text: textOf(messageOf(change)), number: ++this.lastNumber, untilMs };
    const list = this.held.get(subject);
    if (list === undefined) this.held.set(subject, [item]);
    else list.push(item);
    if (++this.count > portalLimits.messages) this.dropOldest();
    return item;
  }

  /** Forgets what {@link hold} returned for a change, if it is still held. */
  release(change: Change, held: object): void {
    const subject = subjectOf(change);
    const list = this.held.get(subject);
    const at = list?.findIndex((item) => item === held) ?? -1;
    if (list === undefined || at < 0) return;
    list.splice(at, 1);
    this.count--;
    if (list.length === 0) this.held.delete(subject);
  }

  /**
   * A change was made. Every server has seen the held message that asked for it. Older messages about the same record
   * are out of date: applying them later could bring back what has been removed since.
   * @returns whether its message was held
   */
  changed(change: Change): boolean {
    const subject = subjectOf(change);
    const list = this.held.get(subject);
    if (list === undefined) return false;
    const text = textOf(messageOf(change));
    const at = list.findIndex((held) => held.text === text);
    const gone = list.splice(0, at < 0 ? list.length : at + 1);
    this.count -= gone.length;
    if (list.length === 0) this.held.delete(subject);
    return at >= 0;
  }

  /** Expects a message that is on its way, or will be. */
  expect(message: PortalMessage, untilMs: number): void {
    const text = textOf(message);
    const known = this.expected.get(text);
    this.expected.put(text, { message, count: (known?.count ?? 0) + 1, untilMs });
  }

  /** Removes and returns the held messages, oldest first: the caller applies them. */
  takeHeld(): Change[] {
    const items = [...this.held.values()].flat().sort((a, b) => a.number - b.number);
    this.held.clear();
    this.count = 0;
    return items.map(({ change }) => change);
  }

  /** Forgets the held messages except those being applied here. */
  forgetHeld(): void {
    this.keep(({ untilMs }) => untilMs === Infinity);
  }

  /** Removes and returns the messages that have not come, oldest first: the caller publishes them. */
  takeExpected(): PortalMessage[] {
    const messages = [...this.expected.values()].flatMap(({ message, count }) =>
      Array.from({ length: count }, () => message),
    );
    this.expected.clear();
    return messages;
  }

  /** Forgets what has expired. */
  forgetUntil(nowMs: number): void {
    this.keep(({ untilMs }) => untilMs > nowMs);
    for (const [text, { untilMs }] of this.expected) if (untilMs <= nowMs) this.expected.delete(text);
  }

  /** Postpones every expiry to this time or later: nothing could arrive while no broker was connected. */
  extendTo(untilMs: number): void {
    for (const list of this.held.values()) {
      for (const held of list) held.untilMs = Math.max(held.untilMs, untilMs);
    }
    for (const item of this.expected.values()) item.untilMs = Math.max(item.untilMs, untilMs);
  }

  private keep(stays: (item: Held) => boolean): void {
    for (const [subject, list] of this.held) {
      const kept = list.filter(stays);
      this.count -= list.length - kept.length;
      if (kept.length === 0) this.held.delete(subject);
      else if (kept.length < list.length) this.held.set(subject, kept);
    }
  }

  /** Drops from the record that was held first: nearly the oldest, and quick to find. */
  private dropOldest(): void {
    for (const [subject, list] of this.held) {
      list.shift();
      this.count--;
      if (list.length === 0) this.held.delete(subject);
      return;
    }
  }
}

function textOf({ topic, payload }: PortalMessage): string {
  return `${topic} ${payload}`;
}
