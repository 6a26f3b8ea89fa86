import { describe, expect, it } from 'vitest';
import { runMirror } from '../../support/mirror-run.js';

/** More of them by hand: SEEDS=3000. They always begin with 1, so that a run can be repeated. */
const SEEDS = Number(process.env['SEEDS'] ?? 60);

describe('the mirror of the values, on a model broker', () => {
  it('converges, and shows nothing older after something newer', { timeout: 3_600_000 }, async () => {
    const sum = { published: 0, corrected: 0, walks: 0, takeovers: 0, topics: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations, ...report } = await runMirror(seed);
      expect(violations, `seed ${seed}`).toEqual([]);
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += report[name];
    }
    // The trouble was real.
    expect(sum.published).toBeGreaterThan(50 * SEEDS);
    expect(sum.takeovers).toBeGreaterThan(2 * SEEDS);
    expect(sum.corrected).toBeGreaterThan(2 * SEEDS);
    expect(sum.walks).toBeGreaterThan(3 * SEEDS);
    expect(sum.topics).toBeGreaterThan(3 * SEEDS);
  });
});
