import { describe, expect, it } from 'vitest';
import { columnsOf, cutTo } from '../../src/cli/rendering/fit.js';

describe('a text cut to the columns of a terminal', () => {
  it.each([
    ['curto', 10, 'curto'],
    ['exatamente', 10, 'exatamente'],
    ['um pouco mais', 10, 'um pouco …'],
    ['日本語日本語', 7, '日本語…'],
    ['日本語', 6, '日本語'],
    // A family is one character of two columns, and is never cut within.
    ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 5, '👩‍👩‍👧👩‍👩‍👧…'],
    ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['e\u0301e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301…'],
    ['', 5, ''],
  ])('%s in %i', (text, columns, shown) => {
    expect(cutTo(text, columns)).toBe(shown);
    expect(columnsOf(shown)).toBeLessThanOrEqual(columns);
  });

  it('does not look at all of a long one', () => {
    expect(cutTo('x'.repeat(1_000_000), 4)).toBe('xxx…');
  });
});
