import { describe, expect, it } from 'vitest';
import type { SeedReport } from '../support/sim-report.js';
import type { LifeCounts } from '../support/sim-life.js';
import { runSeed } from '../support/sim-run.js';
import { baseSeed, explain, print, timesFound, type Failure } from './report.js';
import { REGRESSION_SEEDS, SUITE_SEEDS } from './seeds.js';

const seeds = Number(process.env['SIM_SEEDS'] ?? SUITE_SEEDS.fleet);

/** The least share of seeds that reach each of these. */
const LEAST_LIFE: Partial<LifeCounts> = {
  ...{ expiring: 0.9, renewals: 0.5, sweeps: 0.9, forcedSweeps: 0.25, passed: 0.7 },
  ...{ raises: 0.4, forcedRaises: 0.8, retentions: 0.5, forgotten: 0.6, reused: 0.5 },
  ...{ skippedFloors: 0.4, seenExpired: 0.3, scans: 0.7, scansOverReuse: 0.35 },
};

async function runAll(numbers: readonly number[]): Promise<{ reports: SeedReport[]; failures: Failure[] }> {
  const reports: SeedReport[] = [];
  const failures: Failure[] = [];
  for (const seed of numbers) {
    try {
      reports.push(await runSeed(seed));
    } catch (error) {
      failures.push({ seed, error });
    }
  }
  return { reports, failures };
}

describe('a whole fleet in virtual time', () => {
  it('always passes the seeds that once failed', { timeout: 60_000 }, async () => {
    const { failures } = await runAll(REGRESSION_SEEDS.map(([seed]) => seed));
    expect(explain(failures)).toBe('');
  });

  it(`keeps every invariant in ${seeds} seeds`, { timeout: 900_000 }, async () => {
    const base = baseSeed();
    print(`simulation: ${seeds} seeds from ${base} (repeat with SIM_SEED=${base} SIM_SEEDS=${seeds})`);
    const numbers = Array.from({ length: seeds }, (_, i) => base + i);
    const { reports, failures } = await runAll(numbers);
    const share = (is: (report: SeedReport) => boolean): number => reports.filter(is).length / seeds;
    const sum = (of: (report: SeedReport) => number): number => reports.reduce((all, r) => all + of(r), 0);
    const shares = {
      joinedWhileWriting: share((r) => r.joinedWhileWriting > 0),
      discarded: share((r) => r.discarded > 0),
      logRepairs: share((r) => r.logBatches > 0),
      siblings: share((r) => r.siblings),
      crashes: share((r) => r.crashes > 0),
    };
    const percents = Object.entries(shares).map(([name, value]) => `${name} ${Math.round(value * 100)} %`);
    print(`simulation: seeds with ${percents.join(', ')}`);
    print(
      `simulation: ${sum((r) => r.mutations)} mutations, ${sum((r) => r.joined)} states joined, ` +
        `${sum((r) => r.discarded)} discarded; converged after ` +
        `${Math.round(sum((r) => r.convergedMs) / reports.length)} ms on average, ` +
        `${Math.round(Math.max(...reports.map((r) => r.convergedMs)))} ms at most (virtual)`,
    );
    const sessions = {
      moved: sum((r) => r.sessions.moved),
      waited: sum((r) => r.sessions.waited),
      refused: sum((r) => r.sessions.refused),
    };
    print(`simulation: sessions ${JSON.stringify(sessions)}`);
    const life = Object.keys(LEAST_LIFE) as (keyof LifeCounts)[];
    const lifeShares = life.map((name) => [name, share((r) => r.life[name] > 0)] as const);
    print(
      `simulation: seeds with ${lifeShares.map(([name, of]) => `${name} ${Math.round(of * 100)} %`).join(', ')}`,
    );
    print(explain(failures));
    expect(failures.map(({ seed }) => seed)).toEqual([]);
    // A simulation that reaches nothing proves nothing. A single seed that is repeated need not reach it all.
    if (seeds < 100) return;
    expect(shares.joinedWhileWriting, 'seeds with state transfers while writing').toBeGreaterThan(0.5);
    expect(shares.discarded, 'seeds with discarded transfers').toBeGreaterThan(0.3);
    expect(shares.logRepairs, 'seeds with repairs from a log').toBeGreaterThan(0.5);
    expect(shares.siblings, 'seeds with siblings').toBeGreaterThan(0.3);
    expect(shares.crashes, 'seeds with crashes').toBeGreaterThan(0.4);
    for (const [name, reached] of lifeShares)
      expect(reached, `seeds with ${name}`).toBeGreaterThan(LEAST_LIFE[name] as number);
    for (const [name, count] of Object.entries(sessions))
      expect(count, `sessions ${name}`).toBeGreaterThan(seeds / 4);
  });

  it('sees a session go back where servers do not wait for its token', { timeout: 60_000 }, async () => {
    const found = await timesFound(
      20,
      11,
      (nth) => runSeed(baseSeed() + nth, { sessionsWait: false }),
      'answers a session with',
    );
    expect(found).toBe(11);
  });
});
