import Table from 'cli-table3';
import type { Colors } from 'picocolors/types.js';
import { columnsOf } from './fit.js';

/** Longest cell in a drawn table: every row is as wide as the widest. */
const DRAWN_CHARS_MAX = 200;

/** Rows below a header. With a longer cell the columns are only separated by tabs. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  colors: Colors,
): string {
  if (rows.some((row) => row.some((text) => text.length > DRAWN_CHARS_MAX))) {
    return [header, ...rows].map((row) => row.join('\t')).join('\n');
  }
  const drawn = new Table({
    head: header.map((title) => colors.bold(title)),
    style: { head: [], border: [] },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}

/** Lines of a drawn table and blanks beside each of its columns; the table has one line more. */
export const BORDER_COLUMNS = 3;

/** How a table is made to fit a terminal. */
interface Fitting {
  /** Width of the terminal; `undefined`: there is none, and everything is shown. */
  readonly columns: number | undefined;
  /** Titles of columns that may go, the least important first. */
  readonly spare: readonly string[];
}

/** A table as wide as a terminal lets it be. What is missing is said below it. A row that wraps cannot be read. */
export function fittedTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  colors: Colors,
  { columns, spare }: Fitting,
): string {
  const wide = header.map((title, at) =>
    Math.max(columnsOf(title), ...rows.map((row) => columnsOf(row[at] ?? ''))),
  );
  const gone = columns === undefined ? [] : titlesBeyond(header, wide, columns, spare);
  const isKept = (_: string, at: number): boolean => !gone.includes(header[at] ?? '');
  const drawn = table(
    header.filter(isKept),
    rows.map((row) => row.filter(isKept)),
    colors,
  );
  return gone.length === 0 ? drawn : `${drawn}\n${goneText(gone)}`;
}

/** The columns that have to go for the others to fit: as few as possible, in the order in which they may. */
export function titlesBeyond(
  header: readonly string[],
  wide: readonly number[],
  columns: number,
  spare: readonly string[],
): readonly string[] {
  let taken = 1 + wide.reduce((sum, width) => sum + width + BORDER_COLUMNS, 0);
  const gone: string[] = [];
  for (const title of spare) {
    const at = header.indexOf(title);
    if (taken <= columns) break;
    if (at < 0) continue;
    taken -= (wide[at] ?? 0) + BORDER_COLUMNS;
    gone.push(title);
  }
  return gone;
}

/** What a table does not show. */
export function goneText(titles: readonly string[]): string {
  const verb = titles.length === 1 ? 'não cabe' : 'não cabem';
  const [last = '', ...others] = [...titles].reverse();
  const list = others.length === 0 ? last : `${others.reverse().join(', ')} e ${last}`;
  return `${list} ${verb} neste terminal: alargue-o, ou --json`;
}
