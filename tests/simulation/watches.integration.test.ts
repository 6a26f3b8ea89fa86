import { describe, expect, it } from 'vitest';
import type { Journals } from '../support/sim-report.js';
import { runSeed } from '../support/sim-run.js';
import { noWatchingCounts, type WatchingCounts } from '../support/sim-watching.js';
import { baseSeed, explain, print, type Failure } from './report.js';

const inCi = process.env['CI'] === 'true';
const seeds = Number(process.env['SIM_WATCH_SEEDS'] ?? (inCi ? 12 : 4));
const WATCHERS = 3;
const NAMES = Object.keys(noWatchingCounts()) as (keyof WatchingCounts)[];

/** Readers that watch while a fleet crashes, parts and joins: see `watch-checker.ts` for what they must be told. */
describe('watches of a fleet in virtual time', () => {
  it.each<Journals>(['none', 'some', 'all'])(
    `miss nothing and repeat nothing in ${seeds} seeds where %s have journals`,
    { timeout: 1_800_000 },
    async (journals) => {
      const base = baseSeed();
      print(
        `simulation: ${seeds} seeds from ${base} (repeat with SIM_SEED=${base} SIM_WATCH_SEEDS=${seeds})`,
      );
      const all = noWatchingCounts();
      const failures: Failure[] = [];
      for (let seed = base; seed < base + seeds; seed++) {
        try {
          const { watches } = await runSeed(seed, { journals, watchers: WATCHERS });
          for (const name of NAMES) all[name] += watches[name];
        } catch (error) {
          failures.push({ seed, error });
        }
      }
      print(`simulation of watches (${journals}): ${JSON.stringify(all)}`);
      print(explain(failures, 'SIM_WATCH_SEEDS'));
      expect(failures.map(({ seed }) => seed)).toEqual([]);
      // A simulation that reaches nothing proves nothing. A single seed that is repeated need not reach it all.
      if (seeds < 8) return;
      expect(all.finished).toBe(seeds * WATCHERS);
      const reached: readonly (keyof WatchingCounts)[] = [
        ...(['inserts', 'removals', 'expiries', 'presents', 'upToDates', 'cuts'] as const),
        ...(['restarts', 'joinRestarts', 'moves', 'ends'] as const),
      ];
      for (const name of reached) expect(all[name], name).toBeGreaterThan(seeds / 4);
    },
  );
});
