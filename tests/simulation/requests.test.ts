import { describe, expect, it } from 'vitest';
import { runRequests, type RequestsReport } from '../support/sim-requests.js';

const SEEDS = 150;

describe('requests that clients repeat', () => {
  it.each([
    ['servers that live', false],
    ['servers that die', true],
  ])('stand once, in the version that was answered, with %s', (_who, dies) => {
    const sum: RequestsReport = {
      ...{ answered: 0, unknown: 0, late: 0, doubled: 0, refusedAsForgotten: 0, crashes: 0 },
    };
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        const report = runRequests(seed, dies);
        for (const name of Object.keys(sum) as (keyof RequestsReport)[]) sum[name] += report[name];
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    // The trouble was real.
    expect(sum.answered).toBeGreaterThan(20 * SEEDS);
    for (const figure of [sum.unknown, sum.late, sum.doubled]) expect(figure).toBeGreaterThan(SEEDS);
    if (dies) for (const figure of [sum.refusedAsForgotten, sum.crashes]) expect(figure).toBeGreaterThan(0);
  });
});
