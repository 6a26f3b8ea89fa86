/** Where an entry was that has been removed. It names its key, whose slot may belong to another one by the time it is read. */
export interface GoneEntry {
  readonly key: string;
  readonly version: number;
  /** Number of its origin in the store's vector. */
  readonly origin: number;
  readonly seq: number;
}

/** The changes since the previous portion. */
interface ChangedPortion {
  /** Rows to write, each with the slot of its key. A row removed in the meantime disappears from here. */
  readonly rows: Map<number, number>;
  readonly gone: readonly GoneEntry[];
  /** Names of the keys whose counters or heads may have changed, and of those that were forgotten. */
  readonly keys: ReadonlySet<string>;
  /** Numbers in the store's vector of the origins that advanced. */
  readonly origins: ReadonlySet<number>;
}

/** Changes taken and not kept yet. */
interface TakenChanges {
  readonly rows: Map<number, number>;
  readonly gone: GoneEntry[];
  readonly keys: Set<string>;
  readonly origins: Set<number>;
}

/**
 * Collects what changes in a store, so that a copy of it elsewhere (a journal's state) can be brought up to date
 * without a walk over everything. Its size is bounded: an entry added and removed before it was taken leaves no trace,
 * an entry is removed only once, and beyond `rowsMax` changes everything counts as changed.
 *
 * Changes are taken in portions, then kept or given back, since writing the copy may fail or end unknown. Between
 * {@link next} and {@link keep} every entry counts as possibly in the copy.
 *
 * Keys are named, since a forgotten one leaves its slot to others. A row keeps its slot: it leaves when it is removed.
 */
export class Changes {
  /** Whether the whole copy must be written anew. */
  whole = false;
  /** Grows when the key space is replaced by another: earlier rows and numbers of origins are meaningless then. */
  epoch = 0;
  private rows = new Map<number, number>();
  /** Rows to write that may be in the copy already. */
  private again = new Map<number, number>();
  private gone: GoneEntry[] = [];
  private keys = new Set<string>();
  private origins = new Set<number>();
  /** The origin that was noted last: the same one usually advances many times in a row. */
  private lastOrigin = -1;
  /** The rows of the last portion. A removed one must not be written any more, since its row may be reused by then. */
  private portionRows = new Map<number, number>();
  private taken: TakenChanges | undefined;

  /** @param rowsMax bound on rows, entries, keys and origins noted together */
  constructor(private readonly rowsMax: number) {}

  /** Whether there is nothing to take. */
  get isEmpty(): boolean {
    return !this.whole && this.size === 0;
  }

  /** Number of rows to write, entries removed, keys and origins to check. */
  get size(): number {
    return this.rows.size + this.again.size + this.gone.length + this.keys.size + this.origins.size;
  }

  /** To be called when an entry was added as `row` of the key in `slot`. */
  noteAdded(slot: number, row: number): void {
    if (this.isCovered) return;
    (this.taken ? this.again : this.rows).set(row, slot);
    this.bound();
  }

  /** To be called when something else of an entry changed than whether it is superseded. */
  noteRewritten(slot: number, row: number): void {
    if (this.isCovered || this.rows.has(row)) return;
    this.again.set(row, slot);
    this.bound();
  }

  /** To be called when an entry was removed, before its key can be forgotten or its row reused. */
  noteGone(row: number, entry: GoneEntry): void {
    if (this.isCovered) return;
    if (!this.rows.delete(row)) {
      this.again.delete(row);
      this.taken?.rows.delete(row);
      this.portionRows.delete(row);
      this.gone.push(entry);
    }
    this.noteKey(entry.key);
  }

  /** To be called when the counters or the heads of a key changed. */
  noteKey(key: string): void {
    if (this.isCovered) return;
    this.keys.add(key);
    this.bound();
  }

  /** To be called when a key without entries is forgotten. Its slot may be reused from now on. */
  noteForgotten(key: string): void {
    this.noteKey(key);
  }

  /** To be called when the entry of an origin in the store's vector advanced. */
  noteAdvanced(origin: number): void {
    if (origin === this.lastOrigin || this.isCovered) return;
    this.lastOrigin = origin;
    this.origins.add(origin);
  }

  /** To be called when the key space was replaced by another. */
  noteReplaced(): void {
    this.epoch++;
    this.taken = undefined;
    this.noteEverything();
  }

  /** From now on the whole copy must be written anew. */
  noteEverything(): void {
    this.whole = true;
    this.clear();
  }

  /**
   * Takes the changes to be written. Further portions of the same writing contain later changes. With {@link whole},
   * the first portion is empty, and all keys and origins must be walked.
   */
  next(): ChangedPortion {
    const rows = new Map([...this.rows, ...this.again]);
    const { gone, keys, origins } = this;
    this.portionRows = rows;
    if (!this.taken) this.taken = { rows: new Map(), gone: [], keys: new Set(), origins: new Set() };
    // What is written whole is written whole again if it fails.
    if (!this.whole) {
      for (const [row, slot] of rows) this.taken.rows.set(row, slot);
      for (const entry of gone) this.taken.gone.push(entry);
      for (const key of keys) this.taken.keys.add(key);
      for (const origin of origins) this.taken.origins.add(origin);
    }
    this.clear();
    return { rows, gone, keys, origins };
  }

  /** Confirms that the changes taken are in the copy (unless the key space was replaced since). */
  keep(): void {
    if (!this.taken) return;
    this.whole = false;
    this.taken = undefined;
    this.bound();
  }

  /** Gives back changes that may not be in the copy: they are taken again next time. */
  giveBack(): void {
    const { taken } = this;
    this.taken = undefined;
    if (!taken) return;
    if (this.whole) {
      this.clear();
      return;
    }
    for (const [row, slot] of taken.rows) this.again.set(row, slot);
    this.gone = [...taken.gone, ...this.gone];
    for (const key of taken.keys) this.keys.add(key);
    for (const origin of taken.origins) this.origins.add(origin);
    this.bound();
  }

  /** Whether the whole copy will be written later than now, with everything that changes until then. */
  private get isCovered(): boolean {
    return this.whole && !this.taken;
  }

  /** While changes are taken their number is that of what happens in one writing, and checked after it. */
  private bound(): void {
    if (!this.taken && this.size > this.rowsMax) this.noteEverything();
  }

  private clear(): void {
    this.rows = new Map();
    this.again = new Map();
    this.gone = [];
    this.keys = new Set();
    this.origins = new Set();
    this.lastOrigin = -1;
  }
}
