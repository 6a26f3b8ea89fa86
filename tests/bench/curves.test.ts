import { describe, expect, it } from 'vitest';
import { tableOf } from '../../bench/curves/curve.js';
import type { Curve } from '../../bench/curves/curve.js';
import { svgOf } from '../../bench/curves/plot.js';

const curve: Curve = {
  ...{ name: 'chaves', title: 'Growth', x: 'keys', sizes: [1_000, 10_000, 100_000] },
  plots: [
    { unit: 'µs', lines: [{ name: 'insert', values: [20, 21.5, 25] }] },
    { unit: 'bytes', lines: [{ name: 'per entry', values: [undefined, 150, 149.2] }] },
  ],
  notes: [],
};

describe('curves', () => {
  it('are a table to read', () => {
    const { columns, rows } = tableOf(curve);
    expect(columns).toEqual(['keys', 'insert, µs', 'per entry, bytes']);
    expect(rows).toEqual([
      ['1,000', '20.0', '–'],
      ['10,000', '21.5', '150'],
      ['100,000', '25.0', '149'],
    ]);
  });

  it('are a picture by itself: every line, its name, and nothing to fetch or to run', () => {
    const svg = svgOf(curve);
    expect(svg).toMatch(/^<svg /);
    for (const word of ['Growth', 'keys', 'insert', 'per entry', 'bytes']) expect(svg).toContain(word);
    expect(svg).not.toMatch(/<script|href=|url\(http/);
    expect(svg.length).toBeLessThan(60_000);
  });
});
