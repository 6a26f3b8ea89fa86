import type { Output } from '../output.js';

/** RowPrinter that are kept to draw a table; beyond, each is printed as it comes. */
const TABLE_ROWS_MAX = 500;

/** How rows of one kind look to people. */
interface RowStyle<Row> {
  /** All of them, while they are few enough to measure. */
  table(rows: readonly Row[]): string;
  /** One of too many. */
  line(row: Row): string;
}

/** Prints rows for people: few of them as a table, many as they come. */
export class RowPrinter<Row> {
  /** RowPrinter so far. */
  count = 0;
  readonly #kept: Row[] = [];

  constructor(
    private readonly output: Output,
    private readonly style: RowStyle<Row>,
    private readonly tableRowsMax = TABLE_ROWS_MAX,
  ) {}

  /** A promise asks to wait before the next row. */
  add(row: Row): Promise<void> | undefined {
    this.count++;
    if (this.count > this.tableRowsMax) return this.output.line(this.style.line(row));
    this.#kept.push(row);
    if (this.count < this.tableRowsMax) return undefined;
    return this.output.line(this.#kept.map((kept) => this.style.line(kept)).join('\n'));
  }

  /** After the last row. */
  async end(): Promise<void> {
    if (this.count > 0 && this.count < this.tableRowsMax)
      await this.output.line(this.style.table(this.#kept));
  }
}

/** `3 chaves`. */
export function keysText(count: number): string {
  if (count === 0) return 'nenhuma chave';
  return count === 1 ? '1 chave' : `${count} chaves`;
}
