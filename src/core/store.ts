import type { Changes } from './changes.js';
import type { Origin, VectorEntries } from './dot.js';
import { NO_CLOCK, type FleetClock } from './fleet-clock.js';
import type { Floors } from './floors.js';
import { limits } from './limits.js';
import type {
  DiscardMutation,
  InsertMutation,
  Mutation,
  RemoveDotsMutation,
  RemoveObservedMutation,
} from './mutation.js';
import type { EntryRecord, KeyFragment, OrderPosition, StoredValue } from './record.js';
import { namedBy, oldestNamed } from './oldest-rows.js';
import { RemovedRows } from './removed-rows.js';
import { KeySpace } from './space.js';
import { StoredKey } from './stored-key.js';
import type { StoreObserver } from './store-observer.js';
import { VersionVector } from './vector.js';
import { expiredOf, latestRow, rowAtTime, rowAtVersion, visibleHeads } from './visible.js';

// Keys without a value that are skipped between pauses: less than a millisecond.
const MISSES_BEFORE_PAUSE = 4096;
// New keys put in order, and keys of a range looked up, between pauses: a few milliseconds.
const KEYS_ORDERED_BEFORE_PAUSE = 1024;
const KEYS_PER_PAGE = 256;

/**
 * The versioned store of one server: every key with all its versions, and the version vector of the mutations applied.
 *
 * It is an observed-remove map (an ORSWOT, Bieniusa et al. 2012, with dotted contexts, Preguiça et al. 2012): the
 * state is a function of the set of mutations applied, whatever their order among causally unrelated ones. No
 * tombstones: a dot at or below the vector that is not here was removed.
 *
 * Mutations must be applied in causal order; the caller of {@link apply} ensures that.
 */
export class Store {
  private space: KeySpace;
  private applied: VersionVector;
  /** Survives {@link adopt}. */
  observer: StoreObserver | undefined;

  /**
   * @param clock by which readers see what has expired; without one, nothing does
   * @param applied what the store counts as applied; its own from now on
   */
  constructor(
    readonly clock: FleetClock = NO_CLOCK,
    applied = new VersionVector(),
  ) {
    this.applied = applied;
    this.space = new KeySpace(this.applied, clock);
  }

  /** What has been applied here. */
  get vector(): VersionVector {
    return this.applied;
  }

  /** Keys kept: those with entries, and those whose counters no floor holds. */
  get keyCount(): number {
    return this.space.keys.count;
  }

  /** Keys kept for their counters alone. */
  get emptyKeyCount(): number {
    return this.space.keys.emptyCount;
  }

  /** The floors of the parts of the key space. */
  get floors(): Floors {
    return this.space.counters.floors;
  }

  /** The counters of every key of a part that has no entries. */
  emptyKeysOf(part: number): { readonly version: number; readonly timestamp: number }[] {
    const { keys } = this.space;
    const empties: { version: number; timestamp: number }[] = [];
    for (const slot of keys.ofPart(part)) {
      if (this.space.rowCount(slot) > 0) continue;
      empties.push({ version: keys.greatestVersion(slot), timestamp: keys.greatestTimestamp(slot) });
    }
    return empties;
  }

  /** Entries with an expiry, reached or not. */
  get expiringCount(): number {
    return this.space.entries.expiring.size;
  }

  /** Whether there is anything that versions of before entries expired and keys were forgotten would take wrongly. */
  get hasNovelties(): boolean {
    return this.floors.any || this.expiringCount > 0 || this.space.entries.passedCount > 0;
  }

  get entryCount(): number {
    return this.space.entries.count;
  }

  /** Estimated bytes of keys and values. */
  get estimatedBytes(): number {
    return this.space.estimatedBytes;
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The greatest version ≤ `version` of a key (the latest if `undefined`). O(log n) in the key's entries. */
  get(key: string, version?: number): StoredValue | undefined {
    const slot = this.space.keys.find(key);
    return slot === undefined ? undefined : this.space.value(slot, rowAtVersion(this.space, slot, version));
  }

  /** The value with the greatest timestamp ≤ `timestamp` (the newest if `undefined`), in the order (timestamp, origin). */
  getAt(key: string, timestamp?: number): StoredValue | undefined {
    const slot = this.space.keys.find(key);
    return slot === undefined ? undefined : this.space.value(slot, rowAtTime(this.space, slot, timestamp));
  }

  /**
   * Every key from `from` to `to` that has a latest value, in the order of code points, with its value as {@link getAt} gives
   * it. Lazy, and with pauses as {@link values}; keys added behind the reader's position are left out.
   */
  *range(
    from: string,
    to: string,
    timestamp?: number,
  ): Generator<{ readonly key: string; readonly row: StoredValue | undefined } | undefined> {
    let last = from;
    for (let inclusive = true; ; inclusive = false) {
      // `this.space` is read anew each time: a state may have been adopted since.
      while (!this.space.order.catchUp(KEYS_ORDERED_BEFORE_PAUSE)) yield undefined;
      const page = this.space.order
        .page(last, inclusive, to, KEYS_PER_PAGE)
        .map((slot) => this.space.keys.name(slot));
      const end = page.at(-1);
      if (end === undefined) return;
      for (const key of page) {
        if (this.hasLatest(key)) yield { key, row: this.getAt(key, timestamp) };
      }
      yield undefined;
      last = end;
    }
  }

  /**
   * {@link get} for every key, lazily. Yields `undefined` after a long stretch of keys without a value, so that the
   * caller may yield to the event loop.
   */
  *values(version?: number): Generator<StoredValue | undefined> {
    for (let slot = 0, passed = 0; slot < this.space.keys.slotEnd; slot++) {
      const value = this.space.value(slot, rowAtVersion(this.space, slot, version));
      if (value === undefined && ++passed < MISSES_BEFORE_PAUSE) continue;
      passed = 0;
      yield value;
    }
  }

  /**
   * The entries of a key that no other supersedes and that have not expired, with their causal contexts; the latest
   * value if there are none.
   */
  heads(key: string): EntryRecord[] {
    const slot = this.space.keys.find(key);
    return slot === undefined ? [] : visibleHeads(this.space, slot).map((row) => this.space.record(row));
  }

  /** Whether a key has a latest value. */
  hasLatest(key: string): boolean {
    const slot = this.space.keys.find(key);
    return slot !== undefined && latestRow(this.space, slot) !== undefined;
  }

  entriesOf(key: string): number {
    const slot = this.space.keys.find(key);
    return slot === undefined ? 0 : this.space.rowCount(slot);
  }

  /** Everything known about every key, for walks, checks and exports. */
  *fragments(): Generator<KeyFragment> {
    for (let slot = 0; slot < this.space.keys.slotEnd; slot++) {
      if (this.space.keys.isKept(slot)) yield this.fragment(slot, undefined);
    }
  }

  /** Rolling hash of all entries, flags and counters: equal vectors must mean equal hashes. */
  hash(): string {
    return this.space.hashes.whole();
  }

  partHash(part: number): string {
    return this.space.hashes.part(part);
  }

  /**
   * A key as it is now, for a writer.
   * @param earlier see {@link StoredKey}
   */
  key(key: string, earlier?: InsertMutation): StoredKey {
    return new StoredKey(this.space, key, earlier);
  }

  // ── applying ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Applies the next mutation of an origin. All its causes must have been applied. */
  apply(origin: Origin, seq: number, mutation: Mutation): void {
    const index = this.applied.indexOf(origin);
    if (seq !== this.applied.seqAt(index) + 1) {
      throw new Error(`mutation ${origin}:${seq} applied after seq ${this.applied.seqAt(index)}`);
    }
    this.applied.advance(index, seq);
    this.space.changes?.noteAdvanced(index);
    const { observer } = this;
    if (observer && mutation.kind !== 'insert') this.space.removed = new RemovedRows(this.applied.origins);
    this.applyEffect(index, seq, mutation);
    observer?.applied(mutation, origin, seq, this.space.takeRemoved());
  }

  /** Applies the effect of a mutation without advancing the vector: for states being assembled. */
  applyEffect(origin: number, seq: number, mutation: Mutation): void {
    switch (mutation.kind) {
      case 'insert':
        this.applyInsert(origin, seq, mutation);
        return;
      case 'removeObserved':
        this.applyRemoveObserved(mutation);
        return;
      case 'removeDots':
        this.applyRemoveDots(mutation);
        return;
      case 'discard':
        this.applyDiscard(mutation);
        return;
      case 'raiseFloor':
        this.space.counters.raiseFloor(mutation.part, mutation);
    }
  }

  private applyInsert(origin: number, seq: number, insert: InsertMutation): void {
    const slot = this.space.findOrAdd(insert.key);
    for (const head of this.space.heads(slot)) {
      if (this.observedBy(head, origin, seq, insert.context)) this.space.supersede(slot, head);
    }
    const { version, timestamp, value, context, attempt, expiresAt } = insert;
    const record = { version, timestamp, seq, value, superseded: false, context, attempt };
    this.space.add(slot, origin, expiresAt === undefined ? record : { ...record, expiresAt });
  }

  /** Whether the writer of a later mutation had observed an entry of the same key. */
  private observedBy(row: number, origin: number, seq: number, context: VectorEntries): boolean {
    const entries = this.space.entries;
    if (entries.origin(row) === origin) return entries.seq(row) < seq;
    const name = entries.originName(row);
    return context.some(([observed, last]) => observed === name && entries.seq(row) <= last);
  }

  private applyRemoveObserved(removal: RemoveObservedMutation): void {
    const slot = this.space.keys.find(removal.key);
    if (slot === undefined) return;
    const observed = new Map(removal.observed);
    const { keep } = removal;
    const entries = this.space.entries;
    this.space.removeWhere(slot, (row) => {
      const name = entries.originName(row);
      const seq = entries.seq(row);
      return seq <= (observed.get(name) ?? 0) && !(keep?.origin === name && keep.seq === seq);
    });
    this.space.normalize(slot);
  }

  private applyRemoveDots(removal: RemoveDotsMutation): void {
    const slot = this.space.keys.find(removal.key);
    if (slot === undefined) return;
    const isNamed = namedBy(this.space, removal.dots);
    const gone = new Set(this.space.rowsOfVersion(slot, removal.version).filter(isNamed));
    const [only] = gone;
    if (gone.size === 1 && only !== undefined) this.space.remove(slot, only);
    else if (gone.size > 1) this.space.removeWhere(slot, (row) => gone.has(row));
    this.space.normalize(slot);
  }

  private applyDiscard({ key, dots, passed }: DiscardMutation): void {
    const slot = this.space.keys.find(key);
    if (slot === undefined) return;
    const { entries } = this.space;
    const isNamed = namedBy(this.space, dots);
    if (passed.length > 0) {
      const upTo = new Map(passed);
      const hasPassed = (row: number): boolean =>
        entries.seq(row) <= (upTo.get(entries.originName(row)) ?? 0);
      this.space.pass(slot, (row) => hasPassed(row) && !isNamed(row));
    }
    const oldest = oldestNamed(this.space, slot, dots, isNamed);
    if (oldest === undefined) this.space.removeWhere(slot, isNamed);
    else this.space.removeFirst(slot, oldest);
    this.space.normalize(slot);
  }

  /**
   * The removals of entries that have expired by the fleet's clock: of at most `most` keys, the earliest first. They
   * change no answer: what they remove, and what they mark as passed, is hidden already.
   * @param lateMs only of keys with an entry that expired at least so long ago
   */
  dueDiscards(most: number, lateMs = 0): DiscardMutation[] {
    const { entries, keys } = this.space;
    const slots = entries.expiring.dueSlots(this.clock.nowMs() - lateMs, most);
    return [...slots].map((slot) => {
      const { rows, hidden } = expiredOf(this.space, slot, limits.discardDots);
      const dots = rows.map((row) => ({ origin: entries.originName(row), seq: entries.seq(row) }));
      return { kind: 'discard', key: keys.name(slot), dots, passed: [...hidden] };
    });
  }

  private fragment(slot: number, after: OrderPosition | undefined): KeyFragment {
    return {
      key: this.space.keys.name(slot),
      greatestVersion: this.space.keys.greatestVersion(slot),
      greatestTimestamp: this.space.keys.greatestTimestamp(slot),
      after,
      entries: this.space.rows(slot).map((row) => this.space.record(row)),
    };
  }

  // ── states put together: see stage.ts ──────────────────────────────────────────────────────────────────────────

  /** The key space itself, for walks and joins. */
  get keySpace(): KeySpace {
    return this.space;
  }

  /** Records every change from now on in `changes`. */
  track(changes: Changes): void {
    this.space.changes = changes;
  }

  /** Takes over the whole content of another store, which must not be used any more. */
  adopt(other: Store): void {
    const { changes, views } = this.space;
    for (const view of views) view.end();
    this.space = other.space;
    this.space.clock = this.clock;
    this.space.changes = changes;
    changes?.noteReplaced();
    this.applied = other.applied;
  }
}
