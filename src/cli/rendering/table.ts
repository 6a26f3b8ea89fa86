import Table from 'cli-table3';
import type { Colors } from 'picocolors/types.js';

/** Longest one in a table that is drawn: every row is as long as the longest. */
const DRAWN_CHARS_MAX = 200;

/** Rows below a header. With a longer cell than a table takes, its columns are only kept apart by tabs. */
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
