import { readFileSync } from 'node:fs';

const document = readFileSync(new URL('../../docs/ERRORS.md', import.meta.url), 'utf8');

/** The cells of each code's line in docs/ERRORS.md. */
export const errorLines: ReadonlyMap<string, readonly string[]> = new Map(
  document
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => /^`[A-Z_]+`$/.test(cells[1] ?? ''))
    .map((cells) => [(cells[1] ?? '').replaceAll('`', ''), cells] as const),
);
