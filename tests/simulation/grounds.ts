import { runSeed } from '../support/sim-run.js';
import type { SeedReport } from '../support/sim-report.js';

/** Kinds of simulated fleets that many seeds are run of, by the name that people give. */
export const SEED_GROUNDS = {
  /** Nothing survives the death of everybody. */
  frota: (seed) => runSeed(seed),
  /** Journals that tear and fill, and old copies of folders. */
  diarios: (seed) => runSeed(seed, { journals: 'all' }),
  observacoes: (seed) => runSeed(seed, { journals: seed % 2 === 0 ? 'all' : 'none', watchers: 3 }),
  /** A fleet with a key, whose broker belongs to somebody without it. */
  chave: (seed) => runSeed(seed, { siege: 'sealed', journals: seed % 6 === 0 ? 'some' : 'none' }),
} as const satisfies Readonly<Record<string, (seed: number) => Promise<SeedReport>>>;

export type SeedGround = keyof typeof SEED_GROUNDS;

export function isSeedGround(name: string): name is SeedGround {
  return Object.hasOwn(SEED_GROUNDS, name);
}
