interface Expiring {
  readonly slot: number;
  readonly atMs: number;
}

// Empty seconds that may wait in the heap before it is built anew.
const STALE_SECONDS = 1024;

/**
 * The entries that expire, by row, and in the order of the seconds in which they do. An entry whose row is removed
 * leaves nothing behind but, for a while, the number of its second.
 */
export class ExpiringRows {
  private readonly byRow = new Map<number, Expiring>();
  /** Rows by the second in which they expire. */
  private readonly seconds = new Map<number, Set<number>>();
  /** Binary heap of seconds, the earliest first; may hold seconds that have no rows anymore. */
  private heap: number[] = [];

  get size(): number {
    return this.byRow.size;
  }

  /** When the entry of a row expires, ms since 1970; `undefined` if never. */
  at(row: number): number | undefined {
    return this.byRow.get(row)?.atMs;
  }

  add(row: number, slot: number, atMs: number): void {
    this.byRow.set(row, { slot, atMs });
    const second = secondOf(atMs);
    const rows = this.seconds.get(second);
    if (rows) rows.add(row);
    else {
      this.seconds.set(second, new Set([row]));
      this.push(second);
    }
  }

  /** Forgets a row, if it expires. */
  remove(row: number): void {
    const known = this.byRow.get(row);
    if (known === undefined) return;
    this.byRow.delete(row);
    const second = secondOf(known.atMs);
    const rows = this.seconds.get(second);
    rows?.delete(row);
    if (rows?.size === 0) this.seconds.delete(second);
    if (this.heap.length > 2 * this.seconds.size + STALE_SECONDS) this.rebuild();
  }

  /** At most `most` key slots that have an entry expired by `nowMs`, the earliest first. */
  dueSlots(nowMs: number, most: number): Set<number> {
    const slots = new Set<number>();
    const looked: number[] = [];
    for (
      let second = this.heap[0];
      second !== undefined && second <= secondOf(nowMs);
      second = this.heap[0]
    ) {
      this.pop();
      const rows = this.seconds.get(second);
      if (rows === undefined) continue;
      looked.push(second);
      for (const row of rows) {
        const { slot, atMs } = this.byRow.get(row) as Expiring;
        if (atMs <= nowMs) slots.add(slot);
        if (slots.size >= most) break;
      }
      if (slots.size >= most) break;
    }
    // They leave once their rows are removed.
    for (const second of looked) this.push(second);
    return slots;
  }

  private rebuild(): void {
    this.heap = [...this.seconds.keys()].sort((a, b) => a - b);
  }

  private push(second: number): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(second);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if ((heap[above] as number) <= second) break;
      heap[at] = heap[above] as number;
      at = above;
    }
    heap[at] = second;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && (heap[below + 1] as number) < (heap[below] as number)) below++;
      if ((heap[below] as number) >= last) break;
      heap[at] = heap[below] as number;
      at = below;
    }
    heap[at] = last;
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}
