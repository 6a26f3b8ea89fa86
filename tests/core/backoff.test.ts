import { describe, expect, it } from 'vitest';
import { aroundMs, backoffMs, doubledMs } from '../../src/core/backoff.js';

describe('back-off', () => {
  it.each([
    [0, 0, 50],
    [0, 0.999, 100],
    [1, 0, 100],
    [1, 0.999, 200],
    [3, 0.5, 600],
    [5, 0, 1600],
    [6, 0, 2500],
    [100, 0, 2500],
    [Number.MAX_SAFE_INTEGER, 0.999, 4998],
  ])('after %i failures with %f: %i ms', (failures, random, expected) => {
    expect(backoffMs(failures, 100, 5_000, random)).toBe(expected);
  });

  it('without jitter doubles exactly, and the cap holds from the first pause on', () => {
    expect([0, 1, 2, 3, 4].map((failures) => doubledMs(failures, 100, 1_000))).toEqual([
      ...[100, 200, 400, 800, 1_000],
    ]);
    expect(doubledMs(0, 100, 50)).toBe(50);
  });

  it('spreads a period by a quarter to both sides', () => {
    expect([aroundMs(60_000, 0), aroundMs(60_000, 0.5), aroundMs(60_000, 1)]).toEqual([
      ...[45_000, 60_000, 75_000],
    ]);
  });
});
