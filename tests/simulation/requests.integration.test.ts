import { describe, expect, it } from 'vitest';
import { runRequests, type Deaths, type RequestsReport } from '../support/sim-requests.js';

describe('requests that clients repeat', () => {
  it.each<readonly [string, Deaths, number]>([
    ['servers that live', 'none', 150],
    ['servers that die', 'deaths', 150],
    ['servers with disks whose power is cut', 'powerCuts', 60],
  ])(
    'stand once, in the version that was answered, with %s',
    { timeout: 300_000 },
    async (_, deaths, seeds) => {
      const sum: RequestsReport = {
        ...{ answered: 0, unknown: 0, late: 0, doubled: 0, refusedAsForgotten: 0, crashes: 0 },
        ...{ powerCuts: 0, joined: 0 },
      };
      for (let seed = 1; seed <= seeds; seed++) {
        try {
          const report = await runRequests(seed, deaths);
          for (const name of Object.keys(sum) as (keyof RequestsReport)[]) sum[name] += report[name];
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
      }
      // The trouble was real.
      expect(sum.answered).toBeGreaterThan((deaths === 'powerCuts' ? 5 : 20) * seeds);
      for (const figure of [sum.unknown, sum.late, sum.doubled]) expect(figure).toBeGreaterThan(seeds);
      if (deaths !== 'none') {
        for (const figure of [sum.refusedAsForgotten, sum.crashes]) expect(figure).toBeGreaterThan(0);
      }
      if (deaths === 'powerCuts') {
        for (const figure of [sum.powerCuts, sum.joined]) expect(figure).toBeGreaterThan(seeds);
      }
    },
  );
});
