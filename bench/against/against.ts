import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { earlierBuild, findCommit } from '../support/earlier-build.js';
import { hasMosquitto } from '../support/fleet.js';
import { canPin, moveToCore, OTHERS_CORE, root } from '../support/machine.js';
import { scratchFolder } from '../support/scratch.js';
import { whole } from '../support/stats.js';
import type { Table } from '../support/table.js';
import { DOOR_STEPS } from './doors.js';
import { compare, mean, steady, verdictOn } from './ratio.js';
import type { Verdict } from './ratio.js';
import { Side } from './side.js';
import { STEPS } from './steps.js';
import type { Figure, Step } from './steps.js';

/** A build counts as no slower when the interval lies above this: what 15 rounds on a quiet machine can tell. */
const LIMIT = 0.97;

/** Rounds that are played again before it is given up. */
export const FAILED_ROUNDS_MAX = 3;

/** Steps that share the fleets of a round. */
const GROUPS: readonly (readonly Step[])[] = [STEPS, DOOR_STEPS];

/** Names for `--only`. */
export const AGAINST_SECTIONS: readonly string[] = [...new Set(GROUPS.flat().map(({ section }) => section))];

type Name = 'before' | 'after';
export type Folders = Readonly<Record<Name, string>>;

/** Every value of a figure: rounds, and in each of them slices. */
export interface Series extends Readonly<Record<Name, number[][]>> {
  readonly figure: Figure;
}

/** What one round found of a figure. */
export interface Slices {
  readonly figure: Figure;
  readonly values: Readonly<Record<Name, number[]>>;
}

export interface Comparison {
  readonly tables: readonly Table[];
  /** Whether every figure is as good as before. */
  readonly passed: boolean;
  /** The two commits, and all that was measured. */
  readonly raw: { readonly commits: Readonly<Record<Name, string>>; readonly series: readonly Series[] };
}

/**
 * Runs the build of a commit and the present one side by side.
 * @param revision anything that names a commit
 * @throws Error where there is no such commit, or it does not build
 */
export async function against(
  revision: string,
  rounds: number,
  sections: readonly string[],
): Promise<Comparison> {
  const { folders, commits } = await bothBuilds(revision);
  const groups = GROUPS.map((steps) => steps.filter(({ section }) => sections.includes(section))).filter(
    (steps) => steps.length > 0,
  );
  const series = groups
    .flat()
    .flatMap(({ figures }) => figures.map((figure): Series => ({ figure, before: [], after: [] })));
  const startMs = performance.now();
  for (let round = 0, failed = 0; round < rounds; round++) {
    try {
      for (const { figure, values } of await playAll(folders, round, groups)) {
        const own = series.find((each) => each.figure === figure);
        for (const name of turn(0)) own?.[name].push(values[name]);
      }
    } catch (error) {
      // A server that stood still, since the machine did something else, refuses what has waited meanwhile.
      if (++failed > FAILED_ROUNDS_MAX) throw error;
      say(`round ${round + 1} is played again: ${error instanceof Error ? error.message : String(error)}`);
      round--;
      continue;
    }
    const done = (performance.now() - startMs) / 1000;
    say(
      `${progress(series, round, rounds)}; about ${whole((done / (round + 1)) * (rounds - round - 1))} s left`,
    );
  }
  const verdicts = series.map(({ before, after }) => verdictOn(compare(before, after), LIMIT));
  return {
    tables: [tableOf(series, verdicts, commits, rounds)],
    passed: verdicts.every((verdict) => verdict === 'ok'),
    raw: { commits, series },
  };
}

/**
 * Builds a commit, and copies its build and the present one. From then on this process, in which load generators run,
 * keeps off the core of the servers.
 * @returns where the two lie, and what they were made from
 * @throws Error where there is no such commit, or it does not build
 */
export async function bothBuilds(
  revision: string,
): Promise<{ readonly folders: Folders; readonly commits: Readonly<Record<Name, string>> }> {
  say(`building ${revision} …`);
  const folders = {
    before: copyOf(await earlierBuild(revision, 'locked'), 'before'),
    after: copyOf(root, 'after'),
  };
  const found = await findCommit(revision);
  moveToCore(OTHERS_CORE, process.pid);
  return { folders, commits: { before: 'hash' in found ? found.hash : revision, after: presentCommit() } };
}

async function playAll(
  folders: Folders,
  round: number,
  groups: readonly (readonly Step[])[],
): Promise<readonly Slices[]> {
  const found: Slices[] = [];
  for (const steps of groups) found.push(...(await play(folders, round, steps)));
  return found;
}

/**
 * One round of some steps. Its processes are fresh: how the engine has laid out and compiled a program differs between processes by
 * some percent, and stays as it is while one lives.
 */
export async function play(
  folders: Folders,
  round: number,
  steps: readonly Step[],
): Promise<readonly Slices[]> {
  const sides = await openBoth(folders);
  try {
    const found: Slices[] = [];
    for (const step of steps) found.push(...(await take(step, sides, round)));
    // Nothing was lost on the way.
    for (const name of turn(0)) await sides[name].fleet.agreed();
    return found;
  } finally {
    await Promise.all([sides.before.close(), sides.after.close()]);
  }
}

async function take(step: Step, sides: Readonly<Record<Name, Side>>, round: number): Promise<Slices[]> {
  for (const name of turn(round)) await step.prepare(sides[name]);
  const found = step.figures.map((figure): Slices => ({ figure, values: { before: [], after: [] } }));
  for (let slice = 0; slice < step.slices; slice++) {
    // A slice is of one server or the other, in turn: each build is first as often as second for both of them.
    for (const name of turn(round + slice + (slice >> 1))) {
      const values = await step.slice(sides[name], slice);
      for (const [at, value] of values.entries()) found[at]?.values[name].push(value);
    }
  }
  return found;
}

/** @throws Error if one of them does not start; then none is left */
async function openBoth(folders: Folders): Promise<Readonly<Record<Name, Side>>> {
  const kind = hasMosquitto() ? 'mosquitto' : 'embedded';
  const opening = [Side.open(folders.before, kind), Side.open(folders.after, kind)] as const;
  try {
    const [before, after] = await Promise.all(opening);
    return { before, after };
  } catch (error) {
    for (const end of await Promise.allSettled(opening))
      if (end.status === 'fulfilled') await end.value.close();
    throw error;
  }
}

/** ABBA: who comes first changes with every turn. */
function turn(number: number): readonly [Name, Name] {
  return number % 2 === 0 ? ['before', 'after'] : ['after', 'before'];
}

/**
 * A copy of a build: whoever builds meanwhile must not change what is measured, and both lie alike.
 * @returns its folder
 */
function copyOf(build: string, name: Name): string {
  const folder = join(scratchFolder(), name);
  mkdirSync(folder);
  for (const part of ['bin', 'dist', 'proto', 'package.json'])
    cpSync(join(build, part), join(folder, part), { recursive: true });
  const own = join(build, 'node_modules');
  symlinkSync(existsSync(own) ? own : join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** The commit that is checked out, and whether what is built differs from it. */
function presentCommit(): string {
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: root }).toString().trim();
  const changes = git('status', '--porcelain', '--', 'src', 'proto', 'bin', 'package-lock.json');
  return `${git('rev-parse', 'HEAD')}${changes === '' ? '' : ' with changes'}`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function progress(series: readonly Series[], round: number, rounds: number): string {
  const ratios = series.map(({ figure, before, after }) => {
    const ratio = steady(before[round] ?? []) / steady(after[round] ?? []);
    return `${figure.name} ${ratio.toFixed(3)}`;
  });
  return `round ${round + 1} of ${rounds}: ${ratios.join('; ')}`;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  slower: 'SLOWER',
  open: 'open: too noisy',
};

function tableOf(
  series: readonly Series[],
  verdicts: readonly Verdict[],
  commits: Readonly<Record<Name, string>>,
  rounds: number,
): Table {
  const rows = series.map(({ figure, before, after }, row) => {
    const { ratio, low, high } = compare(before, after);
    return [
      `${figure.name}, ${figure.unit}`,
      mean(before.map(steady)).toFixed(figure.decimals),
      mean(after.map(steady)).toFixed(figure.decimals),
      ratio.toFixed(3),
      `${low.toFixed(3)} – ${high.toFixed(3)}`,
      (mean(before.flat()) / mean(after.flat())).toFixed(3),
      WORDS[verdicts[row] ?? 'open'],
    ];
  });
  const short = ([hash = '', ...more]: readonly string[]): string => [hash.slice(0, 10), ...more].join(' ');
  return {
    title: `${short(commits.after.split(' '))} against ${short([commits.before])}`,
    columns: ['Figure', 'before', 'after', 'before ÷ after', '95 % interval', 'all slices', 'verdict'],
    rows,
    notes: [
      `${rounds} rounds of fresh processes. A ratio above 1: less is used now. Geometric mean of the rounds’ ratios; Student’s t on their logarithms.`,
      `ok: the interval lies above ${LIMIT}. SLOWER: it does not, and lies below 1. Open: it does not, and reaches over 1; more rounds or a quieter machine decide.`,
      'Of the slices of a round the cheaper half counts; “all slices” is the ratio with every one of them, full collections and disturbances included.',
      canPin()
        ? 'The servers under measure on core 0; load and broker on core 1.'
        : 'Nothing was pinned to a core: `taskset` or a second core is missing.',
      ...(hasMosquitto()
        ? []
        : ['Mosquitto is not installed: the peer has the broker, which is in its figure.']),
    ],
  };
}
