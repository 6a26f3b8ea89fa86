import type { Output } from '../output.js';

/** Rows that are buffered for a table; beyond, each is printed as it comes. */
const TABLE_ROWS_MAX = 500;

/** How rows of one kind look to people. */
interface RowStyle<Row> {
  /** All rows, if they are few enough to measure. */
  table(rows: readonly Row[]): string;
  /** One row, if there are too many for a table. */
  line(row: Row): string;
}

/** Prints rows for people: few of them as a table, many one by one. */
export class RowPrinter<Row> {
  /** Rows so far. */
  count = 0;
  readonly #kept: Row[] = [];

  constructor(
    private readonly output: Output,
    private readonly style: RowStyle<Row>,
    private readonly tableRowsMax = TABLE_ROWS_MAX,
  ) {}

  /** A returned promise asks to wait before the next row. */
  add(row: Row): Promise<void> | undefined {
    this.count++;
    if (this.count > this.tableRowsMax) return this.output.line(this.style.line(row));
    this.#kept.push(row);
    if (this.count < this.tableRowsMax) return undefined;
    return this.output.line(this.#kept.map((kept) => this.style.line(kept)).join('\n'));
  }

  /** Called after the last row. */
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

/** `3 versões`. */
export function versionsText(count: number): string {
  if (count === 0) return 'nenhuma versão';
  return count === 1 ? '1 versão' : `${count} versões`;
}
