import Table from 'cli-table3';
import type { Colors } from 'picocolors/types.js';

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
