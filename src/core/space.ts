import type { Attempt } from './attempt.js';
import type { Changes, GoneEntry } from './changes.js';
import { Counters } from './counters.js';
import { EntryTable } from './entries.js';
import { NO_CLOCK, type FleetClock } from './fleet-clock.js';
import { PartHashes } from './hash.js';
import { Histories } from './histories.js';
import { KeyHistory } from './history.js';
import { KeyTable } from './keys.js';
import { limits } from './limits.js';
import { OrderedKeys } from './ordered-keys.js';
import type { PointView } from './point-view.js';
import type { EntryRecord, OrderPosition, StoredValue } from './record.js';
import type { RemovedRows } from './removed-rows.js';
import { RequestRows } from './request-rows.js';
import type { VersionVector } from './vector.js';

// Overhead of an entry beside its text, for the estimate of the store's size.
const ENTRY_OVERHEAD_BYTES = 64;

/**
 * The entries of all keys, with an up-to-date rolling hash of each part. Every change of the store is one of these:
 * {@link add}, {@link removeWhere}, {@link supersede}, {@link pass}, and those of its {@link Counters}.
 */
export class KeySpace {
  readonly entries: EntryTable;
  readonly keys: KeyTable;
  /** The keys in their order, for ranges. */
  readonly order: OrderedKeys;
  readonly counters: Counters;
  /** Walks that need entries removed before they reach them. */
  readonly views = new Set<PointView>();
  readonly hashes = new PartHashes(limits.parts);
  readonly requests = new RequestRows();
  /** Records every change, if a copy of the store is kept elsewhere. */
  changes: Changes | undefined;
  /** Collects what is removed while a mutation is applied, if anybody wants to know. */
  removed: RemovedRows | undefined;
  private bytes = 0;

  /** @param clock by which readers see what has expired */
  constructor(
    vector: VersionVector,
    public clock: FleetClock = NO_CLOCK,
  ) {
    this.entries = new EntryTable(vector);
    this.keys = new KeyTable(() => this.views.size === 0, new Histories(this.entries));
    this.order = new OrderedKeys(this.keys);
    this.counters = new Counters(this.keys, this.hashes, this.order, () => this.changes);
  }

  /** Estimated bytes of keys and values. */
  get estimatedBytes(): number {
    return this.bytes;
  }

  partOf(slot: number): number {
    return this.keys.partOf(slot);
  }

  /** The slot of a key, which is added if it is not there. */
  findOrAdd(key: string): number {
    const known = this.keys.find(key);
    if (known !== undefined) return known;
    const slot = this.keys.findOrAdd(key);
    this.order.noteAdded(slot);
    return slot;
  }

  /** Rows of a key in the order (version, timestamp, origin, seq). */
  rows(slot: number): readonly number[] {
    const only = this.keys.onlyRow(slot);
    return only !== undefined ? [only] : (this.keys.history(slot)?.rows ?? []);
  }

  rowCount(slot: number): number {
    return this.keys.onlyRow(slot) !== undefined ? 1 : (this.keys.history(slot)?.rows.length ?? 0);
  }

  /** The heads: rows not superseded; if none remain, the last in the order. Empty only for a key without entries. */
  heads(slot: number): readonly number[] {
    const history = this.keys.history(slot);
    if (!history) return this.rows(slot);
    return history.heads.length > 0 ? history.heads : history.rows.slice(-1);
  }

  /** Rows that are not superseded; may be empty, unlike {@link heads}. */
  unflagged(slot: number): readonly number[] {
    const history = this.keys.history(slot);
    return history ? history.heads : this.rows(slot).filter((row) => !this.entries.superseded(row));
  }

  /** The last row in the order, visible or not. */
  lastStored(slot: number): number | undefined {
    return this.keys.onlyRow(slot) ?? this.keys.history(slot)?.rows.at(-1);
  }

  /** Rows of exactly this version: one, or its siblings. */
  rowsOfVersion(slot: number, version: number): readonly number[] {
    const history = this.keys.history(slot);
    if (!history) return this.rows(slot).filter((row) => this.entries.version(row) === version);
    return history.rows.slice(history.afterVersion(version - 1), history.afterVersion(version));
  }

  /**
   * At least the next `least` rows of a key after a version, if there are that many; siblings of a version are never
   * split.
   */
  rowsAfter(slot: number, version: number, least: number): readonly number[] {
    const rows = this.rows(slot);
    const from = this.keys.history(slot)?.afterVersion(version) ?? 0;
    const last = rows[from + least - 1];
    const to =
      last === undefined ? rows.length : this.keys.history(slot)?.afterVersion(this.entries.version(last));
    const next = rows.slice(from, to);
    return next.length > 0 && this.entries.version(next[0] as number) > version ? next : [];
  }

  add(slot: number, origin: number, record: Omit<EntryRecord, 'origin'>): void {
    const row = this.entries.add(record.version, record.timestamp, origin, record.seq, record.value);
    if (record.expiresAt !== undefined) this.entries.setExpiry(row, slot, record.expiresAt);
    if (record.superseded) this.entries.supersede(row);
    if (record.passed === true) this.entries.pass(row);
    if (!record.superseded || record.expiresAt !== undefined) this.entries.setContext(row, record.context);
    this.place(slot, row);
    this.bytes += this.rowBytes(slot, row);
    this.addHashes(slot, row, 1);
    if (record.attempt !== undefined) this.requests.note(slot, row, record.attempt);
    this.changes?.noteAdded(slot, row);
    this.raise(slot, record.version, record.timestamp);
  }

  /** Notes the attempt that wrote an entry, when the entry first came without it. */
  noteAttempt(slot: number, row: number, attempt: Attempt): void {
    if (this.requests.of(row) !== undefined) return;
    this.requests.note(slot, row, attempt);
    this.changes?.noteRewritten(slot, row);
  }

  /** Removes the rows of a key for which `condition` holds. */
  removeWhere(slot: number, condition: (row: number) => boolean): void {
    const only = this.keys.onlyRow(slot);
    if (only !== undefined) {
      if (!condition(only)) return;
      this.keys.setEmpty(slot);
      this.drop(slot, only);
      return;
    }
    const history = this.keys.history(slot);
    if (!history) return;
    const gone = history.rows.filter(condition);
    if (gone.length === 0) return;
    const kept = history.without(new Set(gone));
    for (const row of gone) this.drop(slot, row);
    this.replaceHistory(slot, kept);
  }

  /**
   * Removes the oldest rows of a key. What is removed by and by from a long history costs no look at all of it.
   * @param rows the first in the order of time, or nearly
   */
  removeFirst(slot: number, rows: readonly number[]): void {
    const history = this.keys.history(slot);
    const gone = new Set(rows);
    if (!history?.rows.slice(0, gone.size).every((row) => gone.has(row))) {
      this.removeWhere(slot, (row) => gone.has(row));
      return;
    }
    history.removeFirst(gone);
    for (const row of gone) this.drop(slot, row);
    this.replaceHistory(slot, history);
  }

  /** Removes one row of a key. O(log n) to find it. */
  remove(slot: number, row: number): void {
    const history = this.keys.history(slot);
    if (!history) {
      this.removeWhere(slot, (candidate) => candidate === row);
      return;
    }
    history.remove(row);
    this.drop(slot, row);
    this.replaceHistory(slot, history);
  }

  /** Sets the superseded flag of a row, permanently. */
  supersede(slot: number, row: number): void {
    if (this.entries.superseded(row)) return;
    for (const view of this.views) view.noteSuperseded(slot, row);
    this.entries.supersede(row);
    const history = this.keys.history(slot);
    if (history) {
      history.heads = without(history.heads, row);
      this.keys.setHistory(slot, history);
    }
    this.changes?.noteKey(this.keys.name(slot));
    this.hashes.add(this.partOf(slot), this.entries.flagHash(row, this.keys.hash(slot)), 1);
  }

  /** Marks the rows of a key for which `condition` holds as passed, permanently. */
  pass(slot: number, condition: (row: number) => boolean): void {
    const rows = this.rows(slot).filter((row) => !this.entries.passed(row) && condition(row));
    if (rows.length === 0) return;
    for (const row of rows) {
      for (const view of this.views) view.notePassed(slot, row);
      this.entries.pass(row);
      this.hashes.add(this.partOf(slot), this.entries.passedHash(row, this.keys.hash(slot)), 1);
      this.changes?.noteRewritten(slot, row);
    }
    const history = this.keys.history(slot);
    if (!history) return;
    history.notePassed();
    this.keys.setHistory(slot, history);
  }

  /** Raises the counters of a key. */
  raise(slot: number, version: number, timestamp: number): void {
    this.counters.raise(slot, version, timestamp);
  }

  /**
   * Brings a key to normal form: without entries, and with counters that the floor of its part holds as well, it is not
   * kept. To be called when the entries of a key may have gone.
   */
  normalize(slot: number): void {
    if (this.rowCount(slot) === 0) this.counters.normalize(slot);
  }

  /**
   * The row that holds the dot of `record`; `undefined` if there is none. The record's position makes the search fast.
   */
  findRow(slot: number, record: OrderPosition): number | undefined {
    const only = this.keys.onlyRow(slot);
    const row = only ?? this.rowAt(slot, record);
    return row !== undefined && this.entries.compare(row, record) === 0 ? row : undefined;
  }

  record(row: number): EntryRecord {
    return {
      origin: this.entries.originName(row),
      seq: this.entries.seq(row),
      version: this.entries.version(row),
      timestamp: this.entries.timestamp(row),
      value: this.entries.value(row),
      superseded: this.entries.superseded(row),
      ...(this.entries.passed(row) ? { passed: true } : {}),
      context: this.entries.context(row),
      attempt: this.requests.of(row),
      ...(this.entries.expires(row) ? { expiresAt: this.entries.expiresAt(row) } : {}),
    };
  }

  /** What readers see of a row of this key. */
  value(slot: number, row: number): StoredValue;
  value(slot: number, row: number | undefined): StoredValue | undefined;
  value(slot: number, row: number | undefined): StoredValue | undefined {
    if (row === undefined) return undefined;
    const stored = {
      key: this.keys.name(slot),
      value: this.entries.value(row),
      version: this.entries.version(row),
      timestamp: this.entries.timestamp(row),
    };
    const expiresAt = this.entries.expiresAt(row);
    return expiresAt === undefined ? stored : { ...stored, expiresAt };
  }

  private rowAt(slot: number, record: OrderPosition): number | undefined {
    const history = this.keys.history(slot);
    return history?.rows[history.lowerBound(record)];
  }

  private place(slot: number, row: number): void {
    const history = this.keys.history(slot);
    if (history) {
      history.insert(row);
      this.keys.setHistory(slot, history);
      return;
    }
    const only = this.keys.onlyRow(slot);
    if (only === undefined) {
      this.keys.setOnlyRow(slot, row);
      return;
    }
    const two = new KeyHistory(this.entries);
    two.insert(only);
    two.insert(row);
    this.keys.setHistory(slot, two);
  }

  private replaceHistory(slot: number, history: KeyHistory): void {
    const [first] = history.rows;
    if (first === undefined) this.keys.setEmpty(slot);
    else if (history.rows.length === 1) this.keys.setOnlyRow(slot, first);
    else this.keys.setHistory(slot, history);
  }

  private drop(slot: number, row: number): void {
    for (const view of this.views) view.noteGone(slot, row);
    this.bytes -= this.rowBytes(slot, row);
    this.addHashes(slot, row, -1);
    this.changes?.noteGone(row, this.placeOf(slot, row));
    if (this.removed) this.noteRemoved(this.removed, row);
    this.requests.forget(row);
    this.entries.remove(row);
  }

  /** Ends the collecting. @returns what was removed; `undefined` if nothing */
  takeRemoved(): RemovedRows | undefined {
    const { removed } = this;
    if (removed === undefined) return undefined;
    this.removed = undefined;
    return removed.count > 0 ? removed : undefined;
  }

  private noteRemoved(removed: RemovedRows, row: number): void {
    const { entries, clock } = this;
    const expiresAt = entries.expires(row) ? entries.expiresAt(row) : undefined;
    const expiry = expiresAt === undefined ? undefined : { expiresAt, isExpired: expiresAt <= clock.nowMs() };
    removed.push(entries.version(row), entries.timestamp(row), entries.origin(row), expiry);
  }

  private placeOf(slot: number, row: number): GoneEntry {
    const { entries, keys } = this;
    return {
      key: keys.name(slot),
      version: entries.version(row),
      origin: entries.origin(row),
      seq: entries.seq(row),
    };
  }

  private addHashes(slot: number, row: number, sign: 1 | -1): void {
    const keyHash = this.keys.hash(slot);
    const part = this.partOf(slot);
    this.hashes.add(part, this.entries.hash(row, keyHash), sign);
    if (this.entries.superseded(row)) this.hashes.add(part, this.entries.flagHash(row, keyHash), sign);
    if (this.entries.passed(row)) this.hashes.add(part, this.entries.passedHash(row, keyHash), sign);
  }

  private rowBytes(slot: number, row: number): number {
    return this.keys.nameUnits(slot) + this.entries.valueUnits(row) + ENTRY_OVERHEAD_BYTES;
  }
}

function without(rows: number[], row: number): number[] {
  return rows.length === 1 && rows[0] === row ? [] : rows.filter((other) => other !== row);
}
