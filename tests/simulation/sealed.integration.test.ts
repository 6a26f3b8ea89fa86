import { describe, expect, it } from 'vitest';
import { DROP_REASONS } from '../../src/wire/checks.js';
import type { Journals, SeedReport } from '../support/sim-report.js';
import { runSeed } from '../support/sim-run.js';
import type { SiegeReport } from '../support/sim-siege.js';
import { baseSeed, explain, print, timesFound, type Failure } from './report.js';
import { SUITE_SEEDS } from './seeds.js';

const seeds = Number(process.env['SIM_SEALED_SEEDS'] ?? SUITE_SEEDS.sealed);

/** In most seeds nothing survives the death of everybody; in some there are journals. */
function journalsOf(seed: number): Journals {
  return seed % 6 === 0 ? 'some' : 'none';
}

/** Whole fleets with a key, whose broker belongs to somebody without it. */
describe('an attacked fleet with a key in virtual time', () => {
  it(
    `lets in what its servers say, once, and nothing else, in ${seeds} seeds`,
    { timeout: 600_000 },
    async () => {
      const base = baseSeed();
      print(
        `simulation: ${seeds} seeds from ${base} (repeat with SIM_SEED=${base} SIM_SEALED_SEEDS=${seeds})`,
      );
      const reports: SeedReport[] = [];
      const failures: Failure[] = [];
      for (let seed = base; seed < base + seeds; seed++) {
        try {
          reports.push(await runSeed(seed, { siege: 'sealed', journals: journalsOf(seed) }));
        } catch (error) {
          failures.push({ seed, error });
        }
      }
      const sieges = reports.map(({ siege }) => siege as SiegeReport);
      const sum = (of: (siege: SiegeReport) => number): number =>
        sieges.reduce((all, siege) => all + of(siege), 0);
      const sumOf = (
        record: (siege: SiegeReport) => Readonly<Record<string, number>>,
      ): Record<string, number> => {
        const names = Object.keys(sieges[0] ? record(sieges[0]) : {});
        return Object.fromEntries(names.map((name) => [name, sum((siege) => record(siege)[name] ?? 0)]));
      };
      const figures = {
        mutations: reports.reduce((all, { mutations }) => all + mutations, 0),
        joined: reports.reduce((all, { joined }) => all + joined, 0),
        crashes: reports.reduce((all, { crashes }) => all + crashes, 0),
        newLives: reports.reduce((all, { lives }) => all + lives - 1, 0),
        dropped: sum(({ dropped }) => dropped),
        late: sum(({ late }) => late),
        nonces: sum(({ nonces }) => nonces),
        rotationSteps: sum(({ rotationSteps }) => rotationSteps),
        removedKeys: sum(({ keyRemoved }) => Number(keyRemoved)),
        otherFleets: sum(({ otherFleet }) => Number(otherFleet)),
      };
      const attacks = sumOf((siege) => ({ ...siege.attacks }));
      const refused = sumOf((siege) => siege.refused);
      print(`simulation with a key: ${JSON.stringify(figures)}`);
      print(`simulation with a key: attacks ${JSON.stringify(attacks)}`);
      const named = Object.entries(refused).filter(([, count]) => count > 0);
      print(`simulation with a key: refused ${JSON.stringify(Object.fromEntries(named))}`);
      print(
        `simulation with a key: converged after ` +
          `${Math.round(reports.reduce((all, r) => all + r.convergedMs, 0) / reports.length)} ms on average, ` +
          `${Math.round(Math.max(...reports.map((r) => r.convergedMs)))} ms at most (virtual)`,
      );
      print(explain(failures, 'SIM_SEALED_SEEDS'));
      expect(failures.map(({ seed }) => seed)).toEqual([]);
      // Whatever an attacker says is refused for its seal, or for its sender, before anybody looks at what it holds.
      const bySeal = ['TOPICO', 'TAMANHO', 'FROTA', 'SEM_SELO', 'SELO', 'CHAVE_FROTA', 'AUTENTICIDADE'];
      const known = [...bySeal, 'REPETIDA', 'NAO_VERIFICADA'];
      for (const reason of DROP_REASONS) if (!known.includes(reason)) expect(refused[reason], reason).toBe(0);
      // A simulation that reaches nothing proves nothing. A single seed that is repeated need not reach it all.
      if (seeds < 100) return;
      // Of 100 seeds the rarest happens in 22 or so, more or less by chance.
      for (const [name, count] of Object.entries(figures)) expect(count, name).toBeGreaterThan(seeds / 16);
      for (const [name, count] of Object.entries(attacks)) expect(count, name).toBeGreaterThan(seeds);
      for (const reason of known) expect(refused[reason], reason).toBeGreaterThan(seeds / 16);
    },
  );

  it('goes the same way from the same seed', { timeout: 600_000 }, async () => {
    const base = baseSeed();
    for (let seed = base; seed < base + 6; seed++) {
      const run = (): Promise<SeedReport> => runSeed(seed, { siege: 'sealed', journals: journalsOf(seed) });
      expect(await run(), `seed ${seed}`).toEqual(await run());
    }
  });

  it(
    'sees the dead come back where nothing is sealed and all is said again',
    { timeout: 600_000 },
    async () => {
      const found = await timesFound(
        20,
        5,
        (nth) => runSeed(baseSeed() + nth, { siege: 'plain' }),
        'of an earlier life',
      );
      expect(found).toBe(5);
    },
  );
});
