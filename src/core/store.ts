import type { Changes } from './changes.js';
import type { Origin, VectorEntries } from './dot.js';
import type { InsertMutation, Mutation, RemoveDotsMutation, RemoveObservedMutation } from './mutation.js';
import type { EntryRecord, KeyFragment, OrderPosition, StoredValue } from './record.js';
import { KeySpace } from './space.js';
import { StoredKey } from './stored-key.js';
import type { StoreObserver } from './store-observer.js';
import { VersionVector } from './vector.js';

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

  constructor() {
    this.applied = new VersionVector();
    this.space = new KeySpace(this.applied);
  }

  /** What has been applied here. */
  get vector(): VersionVector {
    return this.applied;
  }

  /** Keys ever seen. */
  get keyCount(): number {
    return this.space.keys.count;
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
    return slot === undefined ? undefined : this.space.value(slot, this.space.lastRow(slot, version));
  }

  /** The value with the greatest timestamp ≤ `timestamp` (the newest if `undefined`), in the order (timestamp, origin). */
  getAt(key: string, timestamp?: number): StoredValue | undefined {
    const slot = this.space.keys.find(key);
    return slot === undefined ? undefined : this.space.value(slot, this.space.lastRowAt(slot, timestamp));
  }

  /**
   * Every key from `from` to `to` that has an entry, in the order of code points, with its value as {@link getAt} gives
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
        if (this.entriesOf(key) > 0) yield { key, row: this.getAt(key, timestamp) };
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
    for (let slot = 0, passed = 0; slot < this.space.keys.count; slot++) {
      const value = this.space.value(slot, this.space.lastRow(slot, version));
      if (value === undefined && ++passed < MISSES_BEFORE_PAUSE) continue;
      passed = 0;
      yield value;
    }
  }

  /** The entries of a key that no other supersedes, with their causal contexts; the last if all are superseded. */
  heads(key: string): EntryRecord[] {
    const slot = this.space.keys.find(key);
    return slot === undefined ? [] : this.space.heads(slot).map((row) => this.space.record(row));
  }

  entriesOf(key: string): number {
    const slot = this.space.keys.find(key);
    return slot === undefined ? 0 : this.space.rowCount(slot);
  }

  /** Everything known about every key, for walks, checks and exports. */
  *fragments(): Generator<KeyFragment> {
    for (let slot = 0; slot < this.space.keys.count; slot++) yield this.fragment(slot, undefined);
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
    this.applyEffect(index, seq, mutation);
    this.observer?.applied(mutation, origin, seq);
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
      case 'raiseFloor':
        throw new Error(`${mutation.kind} is not implemented yet`);
    }
  }

  private applyInsert(origin: number, seq: number, insert: InsertMutation): void {
    const slot = this.space.keys.findOrAdd(insert.key);
    for (const head of this.space.heads(slot)) {
      if (this.observedBy(head, origin, seq, insert.context)) this.space.supersede(slot, head);
    }
    const { version, timestamp, value, context, attempt } = insert;
    this.space.add(slot, origin, { version, timestamp, seq, value, superseded: false, context, attempt });
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
  }

  private applyRemoveDots(removal: RemoveDotsMutation): void {
    const slot = this.space.keys.find(removal.key);
    if (slot === undefined) return;
    const entries = this.space.entries;
    for (const row of this.space.rowsOfVersion(slot, removal.version)) {
      const name = entries.originName(row);
      const seq = entries.seq(row);
      if (removal.dots.some((dot) => dot.origin === name && dot.seq === seq)) this.space.remove(slot, row);
    }
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
    this.space.changes = changes;
    changes?.noteReplaced();
    this.applied = other.applied;
  }
}
