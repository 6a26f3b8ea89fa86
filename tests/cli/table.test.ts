import picocolors from 'picocolors';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/cli/rendering/fit.js';
import { fittedTable } from '../../src/cli/rendering/table.js';

const PLAIN = picocolors.createColors(false);
const HEADER = ['chave', 'data', 'servidor', 'valor'];
const ROWS = [
  ['ação', '27/11/2026 05:12:03,100', '127.0.0.1:9001', '日本'],
  ['b', '27/11/2026 05:12:04,100', 'n2', ''],
];

function drawn(columns: number | undefined) {
  const lines = fittedTable(HEADER, ROWS, PLAIN, { columns, spare: ['data', 'outra', 'servidor'] }).split(
    '\n',
  );
  const frame = lines.filter((line) => /^[│┌├└]/u.test(line));
  return {
    wide: frame.map(columnsOf),
    titles: frame[1]!
      .split('│')
      .slice(1, -1)
      .map((title) => title.trim()),
    rest: lines.slice(frame.length),
  };
}

describe('a table on a terminal', () => {
  it('has every column where there is room, or no terminal', () => {
    for (const columns of [undefined, 60, 200]) {
      const { wide, titles, rest } = drawn(columns);
      expect([new Set(wide), titles, rest]).toEqual([new Set([60]), HEADER, []]);
    }
  });

  it.each([
    [59, ['chave', 'servidor', 'valor'], ['data não cabe neste terminal: alargue-o, ou --json']],
    [34, ['chave', 'servidor', 'valor'], ['data não cabe neste terminal: alargue-o, ou --json']],
    [33, ['chave', 'valor'], ['data e servidor não cabem neste terminal: alargue-o, ou --json']],
    [5, ['chave', 'valor'], ['data e servidor não cabem neste terminal: alargue-o, ou --json']],
  ])('of %i columns goes without what is spare, and says so', (columns, titles, rest) => {
    const shown = drawn(columns);
    expect([shown.titles, shown.rest]).toEqual([titles, rest]);
    if (columns > 20) expect(Math.max(...shown.wide)).toBeLessThanOrEqual(columns);
  });
});
