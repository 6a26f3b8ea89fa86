import { Float64Column, Int32Column, StringColumn, Uint32Column } from './columns.js';
import { hashString, mix } from './hash.js';
import type { EntryTable } from './entries.js';
import type { OrderPosition } from './record.js';

/** Several entries of one key: rows of the entry table in their order, and which of them are heads. */
export class History {
  /** Rows in the order (version, timestamp, origin, seq). */
  readonly rows: number[] = [];
  /** Rows not superseded, in the order in which they came. */
  heads: number[] = [];

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

  insert(row: number): void {
    const last = this.rows[this.rows.length - 1];
    const place = this.entries.position(row);
    if (last === undefined || this.entries.compare(last, place) < 0) this.rows.push(row);
    else this.rows.splice(this.lowerBound(place), 0, row);
    if (!this.entries.superseded(row)) this.heads.push(row);
  }
}

const NO_HISTORY = -1;

/**
 * All keys ever seen, one slot each, never freed: the greatest version and timestamp of a key outlive its entries.
 * A key with one entry costs no object: its slot names the row. Otherwise the slot names a {@link History}.
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
  private readonly histories: (History | undefined)[] = [];
  private readonly freeHistories: number[] = [];

  get count(): number {
    return this.slots.size;
  }

  find(key: string): number | undefined {
    // One mutation asks for its key several times.
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

  /** Raises the counters; they never go down. */
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

  history(slot: number): History | undefined {
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

  setHistory(slot: number, history: History): void {
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
