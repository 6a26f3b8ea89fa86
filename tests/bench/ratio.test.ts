import { describe, expect, it } from 'vitest';
import { compare, steady, verdictOn } from '../../bench/against/ratio.js';

/** Rounds of one slice each. */
function rounds(...values: readonly number[]): number[][] {
  return values.map((value) => [value]);
}

describe('the comparison of two builds', () => {
  it("takes the geometric mean of the rounds as the ratio, and Student's interval of the logarithms", () => {
    const { ratio, low, high } = compare(rounds(100, 110, 121), rounds(100, 100, 100));
    expect(ratio).toBeCloseTo(1.1, 10);
    // The logarithms are 0, 1 and 2 times ln 1.1: their deviation is ln 1.1, and t of 2 degrees of freedom is 4.303.
    const half = Math.exp((4.303 * Math.log(1.1)) / Math.sqrt(3));
    expect(low).toBeCloseTo(1.1 / half, 10);
    expect(high).toBeCloseTo(1.1 * half, 10);
  });

  it('is unaffected by what changes both builds equally in a round', () => {
    const { ratio, low, high } = compare(rounds(10, 20, 15, 40), rounds(9, 18, 13.5, 36));
    for (const value of [ratio, low, high]) expect(value).toBeCloseTo(10 / 9, 10);
  });

  it('uses a quantile close to that of the normal distribution for many rounds', () => {
    const noise = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? 1.1 : 1 / 1.1));
    const { ratio, high } = compare(rounds(...noise), rounds(...noise.map(() => 1)));
    expect(ratio).toBeCloseTo(1, 10);
    const deviation = Math.log(1.1) * Math.sqrt(100 / 99);
    expect(Math.log(high) / (deviation / 10)).toBeCloseTo(1.984, 2);
  });

  it('counts the cheaper half of the slices', () => {
    expect(steady([5, 1, 100, 3])).toBe(2);
    expect(steady([3, 1, 2])).toBe(1.5);
    expect(steady([7])).toBe(7);
  });

  it('derives the verdict from the interval', () => {
    expect(verdictOn({ ratio: 1, low: 0.98, high: 1.02 }, 0.97)).toBe('ok');
    expect(verdictOn({ ratio: 0.98, low: 0.975, high: 0.985 }, 0.97)).toBe('ok');
    expect(verdictOn({ ratio: 0.95, low: 0.93, high: 0.97 }, 0.97)).toBe('slower');
    expect(verdictOn({ ratio: 1.01, low: 0.9, high: 1.1 }, 0.97)).toBe('open');
  });
});
