/**
 * Runs seeds on one ground until something is found wrong: `hunt.ts <ground> <most seconds> [<file of
 * tests> …]`. Writes one line of JSON: how many seeds that took, and what was found.
 */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { labScenario, runLab } from '../../core/lab-runs.js';
import { runRequests } from '../../support/sim-requests.js';
import { runSeed } from '../../support/sim-run.js';
import { SEED_GROUNDS } from '../grounds.js';
import type { Ground } from './plant.js';

/** What was found, if anything. */
export interface Hunt {
  readonly seeds: number;
  readonly found: string | undefined;
}

/** Files of tests that hold histories made by hand. */
const COUNTEREXAMPLES = ['tests/core/stage.test.ts', 'tests/engines/fleet/replication/hand-over.test.ts'];

const GROUNDS: Readonly<Record<Exclude<Ground, 'suite'>, (seed: number) => unknown>> = {
  counterexamples: () => {
    runTests(COUNTEREXAMPLES);
  },
  lab: (seed) => {
    const [scenario] = fc.sample(labScenario, { seed, numRuns: 1 });
    if (scenario) runLab(scenario);
  },
  fleet: (seed) => runSeed(seed),
  journals: (seed) => runSeed(seed, { journals: 'all' }),
  requests: (seed) => runRequests(seed, 'powerCuts'),
  sealed: SEED_GROUNDS.chave,
  watches: (seed) => runSeed(seed, { journals: seed % 2 === 0 ? 'all' : 'none', watchers: 3 }),
};

/** @throws Error if a test fails */
function runTests(files: readonly string[]): void {
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...files];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status === 0) return;
  const failed = stdout.split('\n').find((line) => line.includes('FAIL'));
  throw new Error(failed?.trim() ?? `the tests ended with ${String(status)}`);
}

/** @param tests of the ground `suite`: it runs them once */
async function hunt(ground: Ground, mostMs: number, tests: readonly string[]): Promise<Hunt> {
  const endMs = performance.now() + mostMs;
  let seeds = 0;
  try {
    if (ground === 'suite') runTests(tests);
    else while (performance.now() < endMs) await GROUNDS[ground](1 + seeds++);
  } catch (error) {
    return { seeds, found: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  return { seeds, found: undefined };
}

const [ground, seconds, ...tests] = process.argv.slice(2);
const result = await hunt(ground as Ground, Number(seconds) * 1_000, tests);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
