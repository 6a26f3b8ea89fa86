import type { Attempt } from './attempt.js';

/** Most entries that keep the id of their request, some 250 bytes each. Beyond, the oldest lose it. */
const REQUEST_ROWS = 500_000;

/** An entry of a store, and the attempt that wrote it. */
interface RequestRow {
  readonly slot: number;
  readonly attempt: Attempt;
}

/** The entries of a store written by repeatable requests, indexed by row and by request id. */
export class RequestRows {
  /** Oldest first. */
  private readonly byRow = new Map<number, RequestRow>();
  /** An id has several rows only if attempts were written at servers that did not know of each other. */
  private readonly byId = new Map<string, number | readonly number[]>();
  private readonly several = new Set<string>();

  /** @param rowsMax beyond it the oldest entries are treated as written without an id */
  constructor(private readonly rowsMax = REQUEST_ROWS) {}

  /** Ids that more than one entry has. */
  get doubled(): Iterable<string> {
    return this.several;
  }

  of(row: number): Attempt | undefined {
    return this.byRow.get(row)?.attempt;
  }

  /** The key slot of a row that has an id. */
  slotOf(row: number): number | undefined {
    return this.byRow.get(row)?.slot;
  }

  rows(id: string): readonly number[] {
    const rows = this.byId.get(id);
    return rows === undefined ? [] : typeof rows === 'number' ? [rows] : rows;
  }

  note(slot: number, row: number, attempt: Attempt): void {
    this.byRow.set(row, { slot, attempt });
    const others = this.rows(attempt.id);
    this.byId.set(attempt.id, others.length === 0 ? row : [...others, row]);
    if (others.length > 0) this.several.add(attempt.id);
    if (this.byRow.size > this.rowsMax) this.forgetFirst();
  }

  /** Forgets a row, if it has an id. */
  forget(row: number): void {
    const known = this.byRow.get(row);
    if (known === undefined) return;
    this.byRow.delete(row);
    const { id } = known.attempt;
    const rest = this.rows(id).filter((other) => other !== row);
    if (rest.length === 0) this.byId.delete(id);
    else this.byId.set(id, rest);
    if (rest.length < 2) this.several.delete(id);
  }

  private forgetFirst(): void {
    for (const row of this.byRow.keys()) {
      this.forget(row);
      return;
    }
  }
}
