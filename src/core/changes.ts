/** Where an entry was that has been removed. */
export interface GoneEntry {
  readonly slot: number;
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
  /** Keys whose counters or heads may have changed. */
  readonly slots: Set<number>;
}

/**
 * Collects what changes in a key space, so that a copy of it elsewhere (a journal's state) can be brought up to date
 * without a walk over everything. Its size is bounded: an entry added and removed before it was taken leaves no trace,
 * an entry is removed only once, and beyond `rowsMax` rows everything counts as changed.
 *
 * Changes are taken in portions, then kept or given back, since writing the copy may fail or end unknown. Between
 * {@link next} and {@link keep} every entry counts as possibly in the copy.
 */
export class Changes {
  /** Whether the whole copy must be written anew. */
  whole = false;
  /** Grows when the key space is replaced by another: earlier rows and slots are meaningless then. */
  epoch = 0;
  private rows = new Map<number, number>();
  /** Rows to write that may be in the copy already. */
  private again = new Map<number, number>();
  private gone: GoneEntry[] = [];
  private slots = new Set<number>();
  private forgotten = new Set<string>();
  /** The rows of the last portion. A removed one must not be written any more, since its row may be reused by then. */
  private portionRows = new Map<number, number>();
  private taken: { rows: Map<number, number>; gone: GoneEntry[]; slots: Set<number> } | undefined;

  constructor(private readonly rowsMax: number) {}

  /** Whether there is nothing to take. */
  get isEmpty(): boolean {
    return !this.whole && this.size === 0;
  }

  /** Number of rows to write, entries removed and keys to check. */
  get size(): number {
    return this.rows.size + this.again.size + this.gone.length + this.slots.size;
  }

  noteAdded(slot: number, row: number): void {
    if (this.whole && !this.taken) return;
    (this.taken ? this.again : this.rows).set(row, slot);
    this.slots.add(slot);
    if (!this.taken && this.size > this.rowsMax) this.everything();
  }

  noteGone(row: number, entry: GoneEntry): void {
    if (this.whole && !this.taken) return;
    this.slots.add(entry.slot);
    if (this.rows.delete(row)) return;
    this.again.delete(row);
    this.taken?.rows.delete(row);
    this.portionRows.delete(row);
    this.gone.push(entry);
  }

  noteKey(slot: number): void {
    if (this.whole && !this.taken) return;
    this.slots.add(slot);
  }

  /** To be called just before a key without entries is forgotten. */
  noteForgotten(key: string): void {
    if (this.whole && !this.taken) return;
    this.forgotten.add(key);
  }

  /** To be called when the key space was replaced by another. */
  noteReplaced(): void {
    this.epoch++;
    this.taken = undefined;
    this.everything();
  }

  /**
   * Takes the changes to be written. Further portions of the same writing contain later changes. With {@link whole},
   * the first portion is empty and the whole key space must be walked.
   */
  next(): ChangedPortion {
    const rows = new Map([...this.rows, ...this.again]);
    const portion = { rows, gone: this.gone, slots: this.slots };
    this.portionRows = rows;
    if (this.taken && !this.whole) {
      for (const [row, slot] of rows) this.taken.rows.set(row, slot);
      for (const entry of portion.gone) this.taken.gone.push(entry);
      for (const slot of portion.slots) this.taken.slots.add(slot);
    } else {
      this.taken ??= this.whole
        ? { rows: new Map(), gone: [], slots: new Set() }
        : { rows: new Map(rows), gone: [...portion.gone], slots: new Set(portion.slots) };
    }
    this.clear();
    return portion;
  }

  /** Confirms that the changes taken are in the copy (unless the key space was replaced since). */
  keep(): void {
    if (!this.taken) return;
    this.whole = false;
    this.taken = undefined;
    if (this.size > this.rowsMax) this.everything();
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
    for (const slot of taken.slots) this.slots.add(slot);
  }

  private everything(): void {
    this.whole = true;
    this.clear();
  }

  private clear(): void {
    this.rows = new Map();
    this.again = new Map();
    this.gone = [];
    this.slots = new Set();
  }
}
