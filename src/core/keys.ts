import { Float64Column, Int32Column, StringColumn, Uint32Column } from './columns.js';
import { hashString, mix } from './hash.js';
import type { EntryTable } from './entries.js';
import type { OrderPosition } from './record.js';

/** Several entries of one key: rows of the entry table in their order, and which of them are heads. */
export class KeyHistory {
  /** Rows in the order (version, timestamp, origin, seq). */
  rows: number[] = [];
  /** Rows not superseded, in the order in which they came. */
  heads: number[] = [];
  /** Rows in the order (timestamp, origin, seq); only set if it differs from `rows`, after concurrent writes. */
  private byTime: number[] | undefined;

  constructor(private readonly entries: EntryTable) {}

  /** Index of the first row that is not before `place`. O(log n). */
  lowerBound(place: OrderPosition): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries.compare(this.rows[middle] as number, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index after the last row whose version is ≤ `version`. O(log n). */
  afterVersion(version: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries.version(this.rows[middle] as number) <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last row with timestamp ≤ `timestamp` in the order (timestamp, origin, seq); the last of all if `undefined`. */
  lastAt(timestamp: number | undefined): number | undefined {
    const rows = this.byTime ?? this.rows;
    if (timestamp === undefined) return rows[rows.length - 1];
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries.timestamp(rows[middle] as number) <= timestamp) low = middle + 1;
      else high = middle;
    }
    return rows[low - 1];
  }

  insert(row: number): void {
    const last = this.rows[this.rows.length - 1];
    const place = this.entries.position(row);
    const at =
      last === undefined || this.entries.compare(last, place) < 0 ? this.rows.length : this.lowerBound(place);
    if (at === this.rows.length) this.rows.push(row);
    else this.rows.splice(at, 0, row);
    this.insertByTime(row, at);
    if (!this.entries.superseded(row)) this.heads.push(row);
  }

  /** Removes a row. O(log n) to find it. */
  remove(row: number): void {
    this.rows.splice(this.lowerBound(this.entries.position(row)), 1);
    this.heads = this.heads.filter((head) => head !== row);
    if (this.byTime) this.byTime = this.byTime.filter((other) => other !== row);
  }

  /** The same history without some rows. */
  without(gone: ReadonlySet<number>): KeyHistory {
    const kept = new KeyHistory(this.entries);
    const stays = (row: number): boolean => !gone.has(row);
    kept.rows = this.rows.filter(stays);
    kept.heads = this.heads.filter(stays);
    kept.byTime = this.byTime?.filter(stays);
    return kept;
  }

  /**
   * Maintains the order by time, which shares `rows` while both orders agree and is a separate list from the first
   * difference on.
   */
  private insertByTime(row: number, at: number): void {
    const { entries, rows } = this;
    if (!this.byTime) {
      const before = rows[at - 1];
      const after = rows[at + 1];
      const agrees =
        (before === undefined || entries.compareTime(before, row) < 0) &&
        (after === undefined || entries.compareTime(row, after) < 0);
      if (!agrees) this.byTime = [...rows].sort((x, y) => entries.compareTime(x, y));
      return;
    }
    let low = 0;
    let high = this.byTime.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries.compareTime(this.byTime[middle] as number, row) < 0) low = middle + 1;
      else high = middle;
    }
    this.byTime.splice(low, 0, row);
  }
}

const NO_HISTORY = -1;

/**
 * All keys ever seen, one slot each. Slots are never freed, since the greatest version and timestamp of a key outlive
 * its entries. A key with one entry needs no object: its slot refers to the row. Otherwise the slot refers to a
 * {@link KeyHistory}.
 */
export class KeyTable {
  private readonly slots = new Map<string, number>();
  /** The key that was looked up last, and its slot. */
  private lastKey: string | undefined;
  private lastSlot: number | undefined;
  private readonly names = new StringColumn();
  private readonly hashes = new Uint32Column();
  private readonly versions = new Int32Column();
  private readonly timestamps = new Float64Column();
  /** ≥ 0: the row of the only entry; −1: no entry; ≤ −2: history number −(x + 2). */
  private readonly contents = new Int32Column();
  private readonly histories: (KeyHistory | undefined)[] = [];
  private readonly freeHistories: number[] = [];

  get count(): number {
    return this.slots.size;
  }

  find(key: string): number | undefined {
    // A mutation looks up its key several times.
    if (key === this.lastKey) return this.lastSlot;
    this.lastKey = key;
    return (this.lastSlot = this.slots.get(key));
  }

  findOrAdd(key: string): number {
    const known = this.find(key);
    if (known !== undefined) return known;
    const slot = this.slots.size;
    this.slots.set(key, slot);
    this.lastSlot = slot;
    this.names.reach(slot);
    this.hashes.reach(slot);
    this.versions.reach(slot);
    this.timestamps.reach(slot);
    this.contents.reach(slot);
    this.names.set(slot, key);
    this.hashes.set(slot, hashString(key));
    this.contents.set(slot, NO_HISTORY);
    return slot;
  }

  name(slot: number): string {
    return this.names.get(slot);
  }

  hash(slot: number): number {
    return this.hashes.get(slot);
  }

  greatestVersion(slot: number): number {
    return this.versions.get(slot);
  }

  greatestTimestamp(slot: number): number {
    return this.timestamps.get(slot);
  }

  /** Raises the counters; never lowers them. */
  raise(slot: number, version: number, timestamp: number): void {
    if (version > this.versions.get(slot)) this.versions.set(slot, version);
    if (timestamp > this.timestamps.get(slot)) this.timestamps.set(slot, timestamp);
  }

  /** Hash of the key's counters. */
  counterHash(slot: number): number {
    return mix(mix(this.hashes.get(slot), this.versions.get(slot)), this.timestamps.get(slot));
  }

  /** The row of the key's only entry; `undefined` if it has none or several. */
  onlyRow(slot: number): number | undefined {
    const content = this.contents.get(slot);
    return content >= 0 ? content : undefined;
  }

  history(slot: number): KeyHistory | undefined {
    const content = this.contents.get(slot);
    return content <= -2 ? this.histories[-content - 2] : undefined;
  }

  setOnlyRow(slot: number, row: number): void {
    this.freeHistory(slot);
    this.contents.set(slot, row);
  }

  setEmpty(slot: number): void {
    this.freeHistory(slot);
    this.contents.set(slot, NO_HISTORY);
  }

  setHistory(slot: number, history: KeyHistory): void {
    const number = this.freeHistories.pop() ?? this.histories.length;
    this.histories[number] = history;
    this.contents.set(slot, -number - 2);
  }

  private freeHistory(slot: number): void {
    const content = this.contents.get(slot);
    if (content > -2) return;
    this.histories[-content - 2] = undefined;
    this.freeHistories.push(-content - 2);
  }
}
