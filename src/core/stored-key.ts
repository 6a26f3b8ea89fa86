import type { Dot, Origin, VectorEntries } from './dot.js';
import { NO_ENTRIES, raise } from './dot.js';
import { limits } from './limits.js';
import type {
  DiscardMutation,
  InsertMutation,
  RemoveDotsMutation,
  RemoveObservedMutation,
} from './mutation.js';
import type { StoredValue } from './record.js';
import { rowsBeyond } from './oldest-rows.js';
import type { RetentionBound } from './retention.js';
import type { KeySpace } from './space.js';
import { isExpired, newestRow } from './visible.js';

/**
 * A key as the store has it now: the basis for deciding a local write and making its mutation. A mutation records what
 * its writer has observed, so it must be applied before any other mutation of the key.
 */
export class StoredKey {
  private readonly slot: number | undefined;

  /** @param earlier an insert of this key by the same writer, to be applied before the mutation made here */
  constructor(
    private readonly space: KeySpace,
    readonly name: string,
    private readonly earlier?: InsertMutation,
  ) {
    this.slot = space.keys.find(name);
  }

  /** Whether the key was ever seen. */
  get isKnown(): boolean {
    return this.slot !== undefined;
  }

  get entryCount(): number {
    return this.slot === undefined ? 0 : this.space.rowCount(this.slot);
  }

  /** Origins that have entries of the key. */
  get originCount(): number {
    return this.observedRows().length;
  }

  get greatestVersion(): number {
    const { earlier, slot } = this;
    if (earlier !== undefined) return earlier.version;
    return this.space.counters.version(this.name, slot);
  }

  get greatestTimestamp(): number {
    const { earlier, slot } = this;
    if (earlier !== undefined) return earlier.timestamp;
    return this.space.counters.timestamp(this.name, slot);
  }

  /** The last value in the order (timestamp, origin), as readers see it. */
  get newest(): StoredValue | undefined {
    const { earlier, slot } = this;
    if (earlier !== undefined) {
      const { key, value, version, timestamp } = earlier;
      return { key, value, version, timestamp };
    }
    return slot === undefined ? undefined : this.space.value(slot, newestRow(this.space, slot));
  }

  /** Whether no version of the key can be read, not even one that an expired one has hidden. */
  get isEmpty(): boolean {
    const { earlier, slot, space } = this;
    if (earlier !== undefined) return false;
    return slot === undefined || !space.rows(slot).some((row) => !isExpired(space, row));
  }

  /** How many entries can be read: those that have not expired. O(log n) and the number of those that have. */
  get readable(): number {
    const { slot, space } = this;
    if (slot === undefined) return 0;
    const history = space.keys.history(slot);
    if (history !== undefined) return history.rows.length - history.expired(space.clock.nowMs()).length;
    return space.rows(slot).filter((row) => !isExpired(space, row)).length;
  }

  /** How many of them have this version. */
  readableOf(version: number): number {
    return this.slot === undefined ? 0 : this.liveRowsOf(this.slot, version).length;
  }

  /** Whether the store has this version, not expired. */
  has(version: number): boolean {
    return this.readableOf(version) > 0;
  }

  /** Whether the store has exactly this version. */
  holds({ value, version, timestamp }: StoredValue): boolean {
    if (this.slot === undefined) return false;
    const { entries } = this.space;
    const rows = this.liveRowsOf(this.slot, version);
    return rows.some((row) => entries.timestamp(row) === timestamp && entries.value(row) === value);
  }

  /**
   * The insert of a new version, with what its writer has observed.
   * @param expiresAt when it expires, ms since 1970; `undefined` if never
   */
  insertion(
    origin: Origin,
    value: string,
    version: number,
    timestamp: number,
    expiresAt?: number,
  ): InsertMutation {
    if (expiresAt === undefined) {
      const context = this.observedHeads(origin);
      return { kind: 'insert', key: this.name, value, version, timestamp, context };
    }
    // Once it has expired, everything that its writer had observed stays hidden with it.
    const context = this.observedRows().filter(([observed]) => observed !== origin);
    return { kind: 'insert', key: this.name, value, version, timestamp, context, expiresAt };
  }

  /** The removal of every entry that is here now, in as many mutations of one step as its origins need. */
  removal(): readonly RemoveObservedMutation[] {
    return this.removalsBut(undefined);
  }

  /** The removal of every entry that is here now but the newest; empty if there is nothing to remove. */
  removalOfOthers(): readonly RemoveObservedMutation[] {
    const { slot } = this;
    const newest = slot === undefined ? undefined : newestRow(this.space, slot);
    if (slot === undefined || newest === undefined || this.space.rowCount(slot) === 1) return [];
    return this.removalsBut(dotOf(this.space, newest));
  }

  /**
   * The removal of one version, with its siblings. Expired ones are left to be swept, since a sweep also marks what they
   * hide, which would be the latest value again.
   */
  removalOf(version: number): RemoveDotsMutation {
    const rows = this.slot === undefined ? [] : this.liveRowsOf(this.slot, version);
    const dots = rows.map((row) => dotOf(this.space, row));
    return { kind: 'removeDots', key: this.name, version, dots };
  }

  /**
   * The removal of the oldest entries beyond a bound; `undefined` if there are none.
   * @param nowMs the time by which entries are old, ms since 1970
   * @param most entries that it names
   */
  removalBeyond(bound: RetentionBound, nowMs: number, most: number): DiscardMutation | undefined {
    const rows = this.slot === undefined ? [] : rowsBeyond(this.space, this.slot, bound, nowMs, most);
    if (rows.length === 0) return undefined;
    const dots = rows.map((row) => dotOf(this.space, row));
    return { kind: 'discard', key: this.name, dots, passed: NO_ENTRIES };
  }

  private liveRowsOf(slot: number, version: number): readonly number[] {
    return this.space.rowsOfVersion(slot, version).filter((row) => !isExpired(this.space, row));
  }

  private removalsBut(keep: Dot | undefined): readonly RemoveObservedMutation[] {
    const all = this.observedRows();
    const removals: RemoveObservedMutation[] = [];
    for (let at = 0; at === 0 || at < all.length; at += limits.contextOrigins) {
      const observed = all.slice(at, at + limits.contextOrigins);
      removals.push({ kind: 'removeObserved', key: this.name, observed, keep });
    }
    return removals;
  }

  private observedRows(): VectorEntries {
    const { slot, space } = this;
    if (slot === undefined) return NO_ENTRIES;
    const history = space.keys.history(slot);
    if (history === undefined) {
      return space.rows(slot).map((row) => [space.entries.originName(row), space.entries.seq(row)]);
    }
    return Array.from(history.lastSeqsByOrigin, ([origin, seq]) => [space.entries.nameOf(origin), seq]);
  }

  /** The context of a new insert: what its writer has observed of the heads' origins, its own excepted. */
  private observedHeads(self: Origin): VectorEntries {
    const { earlier, slot } = this;
    if (earlier !== undefined) {
      // The earlier insert will be the only head: its context is passed on, pruned as for any head.
      const { context } = earlier;
      return context.length > limits.contextEntries ? context.slice(0, limits.contextEntries) : context;
    }
    if (slot === undefined) return NO_ENTRIES;
    const { entries } = this.space;
    const heads = this.space.heads(slot);
    const [only] = heads;
    // The common case: the only head is this writer's own, and had observed no other origin's.
    if (heads.length === 1 && only !== undefined && entries.originName(only) === self) {
      if (entries.context(only).length === 0) return NO_ENTRIES;
    }
    const observed = new Map<Origin, number>();
    for (const row of heads) {
      // What is left out stays a head, until a later insert names it.
      if (observed.size >= limits.contextOrigins) break;
      if (entries.originName(row) !== self) raise(observed, entries.originName(row), entries.seq(row));
    }
    for (const row of heads) {
      for (const [origin, seq] of entries.context(row)) {
        if (origin === self || (observed.size >= limits.contextEntries && !observed.has(origin))) continue;
        raise(observed, origin, seq);
      }
    }
    return observed.size === 0 ? NO_ENTRIES : [...observed];
  }
}

function dotOf({ entries }: KeySpace, row: number): Dot {
  return { origin: entries.originName(row), seq: entries.seq(row) };
}
