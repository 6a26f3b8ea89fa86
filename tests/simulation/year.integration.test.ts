import { describe, expect, it } from 'vitest';
import { runYear, type YearOptions, type YearReport } from '../support/sim-year.js';
import { print } from './report.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** 365 for the whole year: `SIM_YEAR_DAYS=365 npx vitest run tests/simulation/year`. */
const days = Number(process.env['SIM_YEAR_DAYS'] ?? 15);
/** 60 for the whole hour. */
const minutes = Number(process.env['SIM_HOUR_MINUTES'] ?? 4);

/**
 * Rates and limits divided by 1,000, but for floors: each part of the key space has one, and there are as many parts as
 * ever. What happens by the clock happens as rarely as keys come.
 */
const YEAR: YearOptions = {
  seed: 20_240_229,
  lengthMs: days * DAY_MS,
  keysPerSecond: 0.1,
  keysAtOnce: 10,
  livingKeys: 100,
  names: 1_000,
  restartEveryMs: DAY_MS,
  partitionEveryMs: 7 * DAY_MS,
  partitionMs: 6 * HOUR_MS,
  sampleEveryMs: 12 * HOUR_MS,
  tuning: {
    presenceIntervalMs: 600_000,
    peerSilentMs: 3_000_000,
    sweepIntervalMs: 60_000,
    sweepPatienceMs: 600_000,
    floorEmptyKeys: 2_000,
    floorIntervalMs: 600_000,
    floorPartsPerTurn: 128,
    logBatches: 65,
    logMutations: 650,
    journalLogMutations: 320,
    journalChangedRows: 2_000,
  },
};

/** The same three servers as they are, for an hour. */
const FULL_RATE: YearOptions = {
  ...YEAR,
  lengthMs: minutes * 60_000,
  keysPerSecond: 100,
  livingKeys: 10_000,
  names: 10_000,
  restartEveryMs: 10 * 60_000,
  partitionEveryMs: 20 * 60_000,
  partitionMs: 2 * 60_000,
  sampleEveryMs: 60_000,
  tuning: { floorEmptyKeys: 20_000 },
};

/** What must not grow with what has been, but only with what is there. */
const FLAT = ['keys', 'slots', 'rows', 'contexts', 'expiring', 'held', 'logged', 'onDisk'] as const;

function tell(what: string, report: YearReport, options: YearOptions): void {
  const { samples, ...figures } = report;
  print(`${what}: ${JSON.stringify(figures)}`);
  const step = Math.max(1, Math.floor(samples.length / 8));
  for (const sample of samples.filter((_, i) => i % step === 0 || i === samples.length - 1))
    print(`${what}: ${JSON.stringify({ ...sample, heapMiB: Math.round(sample.heapMiB) })}`);
  expect(report.keys).toBeGreaterThan((options.keysPerSecond * options.lengthMs) / 1_250);
}

describe('a fleet that lives long', () => {
  it(`keeps nothing of keys that are gone, in ${days} days`, { timeout: 3_600_000 }, async () => {
    const report = await runYear(YEAR);
    tell('year', report, YEAR);
    expect(report.partitions).toBeGreaterThanOrEqual(Math.floor(days / 7) - 1);
    expect(report.restarts).toBeGreaterThan(2.5 * days);
    for (const count of [report.raises, report.sweeps, report.comparisons])
      expect(count).toBeGreaterThan(days);
    // The first days fill what is kept for counters alone, up to what begins to forget it.
    const settled = report.samples.filter(({ day }) => day > Math.min(5, days / 3));
    const half = Math.floor(settled.length / 2);
    for (const name of FLAT) {
      const [before, after] = [settled.slice(0, half), settled.slice(half)].map((some) =>
        Math.max(...some.map((sample) => sample[name])),
      ) as [number, number];
      expect(after, name).toBeLessThanOrEqual(1.2 * before + 50);
    }
  });

  it(`does the same at full rate, for ${minutes} minutes`, { timeout: 3_600_000 }, async () => {
    const report = await runYear(FULL_RATE);
    tell('full rate', report, FULL_RATE);
    const last = report.samples.at(-1);
    expect(last?.keys).toBeLessThan(100_000);
    expect(last?.slots).toBeLessThan(150_000);
    for (const count of [report.sweeps, report.comparisons]) expect(count).toBeGreaterThan(minutes);
  });
});
