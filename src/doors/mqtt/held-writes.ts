import { BoundedMap } from '../../core/bounded-map.js';
import { mqttDoorLimits } from './limits.js';
import { sizeOf } from './writes.js';
import type { TopicWrite } from './writes.js';

/** What asks for a change of a key: a value that it was to get, or `undefined`: that all of it was to go. */
type Wanted = string | undefined;

interface Held {
  readonly write: TopicWrite;
  /** When its message came, monotonic ms. */
  readonly atMs: number;
  readonly number: number;
}

interface Seen {
  readonly wanted: Wanted;
  readonly untilMs: number;
}

/** A write that somebody else was to do, and when its message came (monotonic ms). */
export interface HeldWrite {
  readonly write: TopicWrite;
  readonly atMs: number;
}

/**
 * The writes that a server has heard of and another one is to do. Each is forgotten when its change is seen, whatever
 * made it: messages carry no identity, so they are matched by key and value, one change for one message. What is left
 * when a server takes over has not been done, and it does it.
 *
 * Changes may be seen before their message comes, since they take another way: they are remembered for a moment.
 * Bounded in time, number and bytes; the oldest goes first.
 */
export class HeldWrites {
  /** By key, each list in order of arrival. */
  private readonly held = new BoundedMap<string, Held[]>(Infinity);
  private readonly seen: BoundedMap<string, Seen[]>;
  private count = 0;
  private chars = 0;
  private lastNumber = 0;
  private seenChars = 0;

  constructor() {
    this.seen = new BoundedMap(Infinity);
  }

  /** Writes that wait. */
  get size(): number {
    return this.count;
  }

  /** Remembers a write, unless its change was seen already. */
  hold(write: TopicWrite, nowMs: number, atMs = nowMs): void {
    if (this.consumeSeen(write, nowMs)) return;
    const { key } = write;
    const list = this.held.get(key);
    const item = { write, atMs, number: ++this.lastNumber };
    if (list === undefined) this.held.put(key, [item]);
    else list.push(item);
    this.count++;
    this.chars += sizeOf(write);
    while (this.count > mqttDoorLimits.waitingMessages || this.chars > mqttDoorLimits.waitingBytes)
      this.dropOldest();
  }

  /**
   * A change was made by another server. The message that asked for it is done, and so are the ones before it about the
   * same key: doing them later would put something older over something newer. A value that no message asked for came
   * by another door: a removal that still waits then is not done any more, since it would take that value away.
   */
  changed(key: string, wanted: Wanted, nowMs: number): void {
    const list = this.held.get(key);
    const at = list?.findIndex(({ write }) => isFor(write, wanted)) ?? -1;
    if (list === undefined || at < 0) {
      this.noteSeen(key, wanted, nowMs);
      if (list !== undefined && wanted !== undefined) this.dropRemovals(key, list);
      return;
    }
    this.drop(key, list, at + 1);
  }

  /** Removes and returns what has not been done, oldest first. */
  take(): HeldWrite[] {
    const items = [...this.held.values()].flat().sort((a, b) => a.number - b.number);
    this.clear();
    return items;
  }

  /** Anything may have changed: what waits may be done, and undone again. */
  clear(): void {
    this.held.clear();
    this.seen.clear();
    this.count = this.chars = this.seenChars = 0;
  }

  /** Forgets what is too old. */
  forgetUntil(nowMs: number): void {
    for (const [key, list] of this.held) {
      const fresh = list.findIndex(({ atMs }) => nowMs - atMs < mqttDoorLimits.holdMs);
      if (fresh !== 0) this.drop(key, list, fresh < 0 ? list.length : fresh);
    }
    // The oldest first: an entry is put again with every change of its key.
    for (const [key, [first]] of this.seen) {
      if (first !== undefined && first.untilMs > nowMs) break;
      this.forgetSeen(key);
    }
  }

  /** A removal that found nothing is told by nobody, so what waits may long be done. */
  private dropRemovals(key: string, list: Held[]): void {
    for (let at = list.length - 1; at >= 0; at--) {
      const write = list[at]?.write;
      if (write?.kind === 'remove' && write.version === undefined) this.drop(key, list, 1, at);
    }
  }

  private drop(key: string, list: Held[], count: number, from = 0): void {
    for (const { write } of list.splice(from, count)) {
      this.count--;
      this.chars -= sizeOf(write);
    }
    if (list.length === 0) this.held.delete(key);
  }

  /** From the key that was held first: nearly the oldest, and quick to find. */
  private dropOldest(): void {
    for (const [key, list] of this.held) {
      this.drop(key, list, 1);
      return;
    }
  }

  private noteSeen(key: string, wanted: Wanted, nowMs: number): void {
    const list = this.seen.get(key) ?? [];
    list.push({ wanted, untilMs: nowMs + mqttDoorLimits.seenMs });
    this.seen.put(key, list);
    this.seenChars += charsOf(key, wanted);
    if (list.length > SEEN_PER_KEY) this.seenChars -= charsOf(key, list.shift()?.wanted);
    while (this.seen.size > mqttDoorLimits.seenChanges || this.seenChars > mqttDoorLimits.seenChars) {
      for (const oldest of this.seen.keys()) {
        this.forgetSeen(oldest);
        break;
      }
    }
  }

  private consumeSeen(write: TopicWrite, nowMs: number): boolean {
    const { key } = write;
    const list = this.seen.get(key);
    const at = list?.findIndex(({ wanted, untilMs }) => untilMs > nowMs && isFor(write, wanted)) ?? -1;
    if (list === undefined || at < 0) return false;
    for (const { wanted } of list.splice(0, at + 1)) this.seenChars -= charsOf(key, wanted);
    if (list.length === 0) this.seen.delete(key);
    return true;
  }

  private forgetSeen(key: string): void {
    for (const { wanted } of this.seen.get(key) ?? []) this.seenChars -= charsOf(key, wanted);
    this.seen.delete(key);
  }
}

/** Changes of one key that are remembered. */
const SEEN_PER_KEY = 64;

function charsOf(key: string, wanted: Wanted): number {
  return key.length + (wanted?.length ?? 0);
}

/** Whether a change is what a message asked for. Removals of one version are told by nobody, and harmless twice. */
function isFor(write: TopicWrite, wanted: Wanted): boolean {
  return write.kind === 'insert'
    ? write.value === wanted
    : write.version === undefined && wanted === undefined;
}
