/**
 * Runs seeds on one ground until something is found wrong: `hunt.ts <ground> <most seconds> [<first seed>]`. Writes one
 * line of JSON: how many seeds that took, and what was found.
 */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { labScenario, runLab } from '../../core/lab-runs.js';
import { runRequests } from '../../support/sim-requests.js';
import { runSeed } from '../../support/sim-run.js';
import type { Ground } from './plant.js';

/** What was found, if anything. */
export interface Hunt {
  readonly seeds: number;
  readonly found: string | undefined;
}

/** Files of tests that hold histories made by hand. */
const COUNTEREXAMPLES = ['tests/core/stage.test.ts', 'tests/engines/fleet/replication/hand-over.test.ts'];

const GROUNDS: Readonly<Record<Ground, (seed: number) => unknown>> = {
  counterexamples: () => {
    const args = ['node_modules/vitest/vitest.mjs', 'run', ...COUNTEREXAMPLES];
    execFileSync(process.execPath, args, { stdio: 'ignore' });
  },
  lab: (seed) => {
    const [scenario] = fc.sample(labScenario, { seed, numRuns: 1 });
    if (scenario) runLab(scenario);
  },
  fleet: (seed) => runSeed(seed),
  journals: (seed) => runSeed(seed, { journals: 'all' }),
  requests: (seed) => runRequests(seed, 'powerCuts'),
  watches: (seed) => runSeed(seed, { journals: seed % 2 === 0 ? 'all' : 'none', watchers: 3 }),
};

async function hunt(ground: Ground, mostMs: number, first: number): Promise<Hunt> {
  const endMs = performance.now() + mostMs;
  let seeds = 0;
  try {
    while (performance.now() < endMs) await GROUNDS[ground](first + seeds++);
  } catch (error) {
    return { seeds, found: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  return { seeds, found: undefined };
}

const [ground, seconds, first] = process.argv.slice(2);
const result = await hunt(ground as Ground, Number(seconds) * 1_000, Number(first ?? 1));
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
