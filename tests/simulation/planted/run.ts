/**
 * Breaks one rule after the other in a copy of the tree, and expects the oracle to notice:
 *
 *     npm run mutantes -- [--seconds=60] [<part of a name> …]
 *
 * Before that, nothing may be found in the tree as it is. Exits with 1 if a planted bug was not found that is not rare.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Hunt } from './hunt.js';
import type { Edit, Ground } from './plant.js';
import { SUITE_SEEDS } from '../seeds.js';
import { PLANTS } from './plants.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const SECONDS = 60;
/** Nothing may be found in this time where nothing was planted. */
const CLEAN_SECONDS = 10;

/** What simulations and tests in the process of the test need. */
const COPIED = [
  ...['src', 'tests', 'proto', 'bin', 'deploy', 'replica.sh', 'particoes.sh'],
  ...['package.json', 'tsconfig.json', 'vitest.config.ts'],
];

function applyEdits(folder: string, edits: readonly Edit[]): void {
  for (const { file, find, replace } of edits) {
    const text = readFileSync(join(folder, file), 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${file} does not have this once: ${find}`);
    // A function, since a replacement text may hold `$`.
    writeFileSync(
      join(folder, file),
      text.replace(find, () => replace),
    );
  }
}

function huntIn(
  ground: Ground,
  edits: readonly Edit[],
  seconds: number,
  tests: readonly string[] = [],
): Hunt {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-planted-'));
  try {
    for (const part of COPIED) cpSync(join(root, part), join(folder, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    applyEdits(folder, edits);
    const args = ['--import', 'tsx', 'tests/simulation/planted/hunt.ts', ground, String(seconds), ...tests];
    // A bug may also make a run go on for ever.
    const runsTests = ground === 'suite' || ground === 'counterexamples';
    const timeout = (seconds + (runsTests ? 240 : 60)) * 1_000;
    const output = execFileSync(process.execPath, args, { cwd: folder, timeout, encoding: 'utf8' });
    return JSON.parse(output.trim().split('\n').at(-1) as string) as Hunt;
  } catch (error) {
    // Whatever else went wrong says nothing of the plant.
    if (error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT')
      return { seeds: 0, found: 'the run did not end' };
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tell(name: string, ground: Ground, { seeds, found }: Hunt, startMs: number): void {
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
  const what = found?.split('\n')[0]?.slice(0, 140) ?? 'nothing';
  process.stdout.write(`${name} | ${ground} | ${seeds} seeds, ${seconds} s | ${what}\n`);
}

const args = process.argv.slice(2);
const seconds = Number(args.find((arg) => arg.startsWith('--seconds='))?.slice(10) ?? SECONDS);
const wanted = args.filter((arg) => !arg.startsWith('--'));
const plants = PLANTS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const escaped: string[] = [];
const missed: string[] = [];
const late: string[] = [];
/** Seeds that the suite runs on a ground, where it runs some. */
const suiteSeeds: Partial<Record<Ground, number>> = SUITE_SEEDS;
for (const ground of new Set(plants.map((plant) => plant.ground))) {
  const startMs = performance.now();
  const tests = ground === 'suite' ? [...new Set(plants.flatMap((plant) => plant.tests ?? []))] : [];
  const clean = huntIn(ground, [], CLEAN_SECONDS, tests);
  tell('(nothing planted)', ground, clean, startMs);
  if (clean.found !== undefined) throw new Error('something is wrong where nothing was planted');
}
for (const { name, ground, edits, isRare, tests } of plants) {
  const startMs = performance.now();
  const hunt = huntIn(ground, edits, seconds, tests);
  tell(name, ground, hunt, startMs);
  if (isRare !== true && hunt.seeds > (suiteSeeds[ground] ?? Infinity)) late.push(`${name} (${hunt.seeds})`);
  if (hunt.found !== undefined) continue;
  if (isRare === true) missed.push(name);
  else escaped.push(name);
}
process.stdout.write(
  `${plants.length - escaped.length - missed.length} of ${plants.length} planted bugs were found\n`,
);
for (const name of late)
  process.stdout.write(`found, or not, after more seeds than the suite runs: ${name}\n`);
for (const name of missed) process.stdout.write(`missed, since it is rare: ${name}\n`);
for (const name of escaped) process.stdout.write(`not found: ${name}\n`);
process.exit(escaped.length > 0 ? 1 : 0);
