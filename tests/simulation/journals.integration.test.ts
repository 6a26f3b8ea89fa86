import { describe, expect, it } from 'vitest';
import type { Journals, SeedReport } from '../support/sim-report.js';
import { runSeed } from '../support/sim-run.js';
import { baseSeed, explain, print, type Failure } from './report.js';
import { SUITE_SEEDS } from './seeds.js';

const seeds = Number(process.env['SIM_JOURNAL_SEEDS'] ?? SUITE_SEEDS.journals);

/** Whole fleets whose servers have journals that are slow, torn by crashes, full, or old copies of themselves. */
describe('a fleet with journals in virtual time', () => {
  it.each<Journals>(['all', 'some'])(
    `keeps every promise in ${seeds} seeds where %s servers have one`,
    { timeout: 600_000 },
    async (journals) => {
      const base = baseSeed();
      print(
        `simulation: ${seeds} seeds from ${base} (repeat with SIM_SEED=${base} SIM_JOURNAL_SEEDS=${seeds})`,
      );
      const reports: SeedReport[] = [];
      const failures: Failure[] = [];
      for (let seed = base; seed < base + seeds; seed++) {
        try {
          reports.push(await runSeed(seed, { journals }));
        } catch (error) {
          failures.push({ seed, error });
        }
      }
      const sum = (of: (report: SeedReport) => number): number => reports.reduce((all, r) => all + of(r), 0);
      const figures = {
        promised: sum((r) => r.promised),
        crashes: sum((r) => r.crashes),
        fullDisks: sum((r) => r.fullDisks),
        oldCopies: sum((r) => r.oldCopies),
        joined: sum((r) => r.joined),
        commits: sum((r) => r.commits),
      };
      print(`simulation with journals (${journals}): ${JSON.stringify(figures)}`);
      print(explain(failures, 'SIM_JOURNAL_SEEDS'));
      expect(failures.map(({ seed }) => seed)).toEqual([]);
      // A simulation that reaches nothing proves nothing. A single seed that is repeated need not reach it all.
      if (seeds < 100) return;
      for (const [name, figure] of Object.entries(figures)) expect(figure, name).toBeGreaterThan(seeds / 4);
    },
  );
});
