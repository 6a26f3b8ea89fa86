import { BoundedMap } from '../core/bounded-map.js';
import { portalLimits } from './limits.js';
import type { Change, PortalMessage } from './changes.js';
import { messageOf, subjectOf } from './changes.js';

interface Held {
  readonly change: Change;
  readonly text: string;
  /** Counts messages in the order in which they came. */
  readonly number: number;
  untilMs: number;
}

interface Expected {
  readonly message: PortalMessage;
  count: number;
  untilMs: number;
}

/**
 * What a portal server knows of messages and changes that have not met yet. On MQTT 3.1.1 a message carries no identity, so
 * they are matched as a multiset of topic and payload:
 *
 * - **held**: messages from outside whose change nobody has made yet, as far as this server sees;
 * - **expected**: changes whose message has not come yet. One that comes is an echo, and is never applied.
 *
 * Every server of the fleet keeps both, so that whoever becomes the gateway knows what the one before has left undone.
 * Bounded in time and number; the oldest goes first.
 */
export class Ledger {
  /** By the record that they are about, each list in the order in which they came. */
  private readonly held = new Map<string, Held[]>();
  private count = 0;
  private lastNumber = 0;
  private readonly expected = new BoundedMap<string, Expected>(portalLimits.messages);

  /** Messages from outside that wait. */
  get heldCount(): number {
    return this.count;
  }

  /** Whether a message is the echo of a change that is known; then it is not expected any more. */
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
   * A change was made. A message that asked for just this has been shown to everybody; older messages about the same record
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

  /** A message is on its way, or will be. */
  expect(message: PortalMessage, untilMs: number): void {
    const text = textOf(message);
    const known = this.expected.get(text);
    this.expected.put(text, { message, count: (known?.count ?? 0) + 1, untilMs });
  }

  /** Takes out the held messages, oldest first: whoever takes them applies them. */
  takeHeld(): Change[] {
    const items = [...this.held.values()].flat().sort((a, b) => a.number - b.number);
    this.held.clear();
    this.count = 0;
    return items.map(({ change }) => change);
  }

  /** Forgets the held messages, but those that are being applied here. */
  forgetHeld(): void {
    this.keep(({ untilMs }) => untilMs === Infinity);
  }

  /** Takes out the messages that have not come, oldest first: whoever takes them publishes them. */
  takeExpected(): PortalMessage[] {
    const messages = [...this.expected.values()].flatMap(({ message, count }) =>
      Array.from({ length: count }, () => message),
    );
    this.expected.clear();
    return messages;
  }

  /** Forgets what nobody needs to wait for any more. */
  forgetUntil(nowMs: number): void {
    this.keep(({ untilMs }) => untilMs > nowMs);
    for (const [text, { untilMs }] of this.expected) if (untilMs <= nowMs) this.expected.delete(text);
  }

  /** Nothing ends before this: while no broker was connected nothing could come. */
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

  /** Of the record that has waited for longest: close enough, and quick. */
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
