import { execFileSync } from 'node:child_process';

const FALLBACK_SEED = 20_240_229;
/** A failure is shown for so many seeds; the others are only named. */
const SHOWN = 3;

/** The first seed: given, or from the commit, so that it varies and can be repeated. */
export function baseSeed(): number {
  const given = process.env['SIM_SEED'];
  if (given !== undefined) return Number(given);
  try {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] });
    return parseInt(commit.toString().slice(0, 8), 16);
  } catch {
    return FALLBACK_SEED;
  }
}

export interface Failure {
  readonly seed: number;
  readonly error: unknown;
}

/** @param variable what says how many seeds run */
export function explain(failures: readonly Failure[], variable = 'SIM_SEEDS'): string {
  if (failures.length === 0) return '';
  const shown = failures.slice(0, SHOWN).map(({ seed, error }) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `seed ${seed}: ${text}\nrepeat with: SIM_SEED=${seed} ${variable}=1 npx vitest run tests/simulation`;
  });
  return `${shown.join('\n\n')}\n\nall failing seeds: ${failures.map(({ seed }) => seed).join(' ')}\n`;
}

/** How many of so many runs break a rule with this in their error; it ends once there are `enough` of them. */
export async function timesFound(
  runs: number,
  enough: number,
  run: (nth: number) => Promise<unknown>,
  what: string,
): Promise<number> {
  let found = 0;
  for (let nth = 0; nth < runs && found < enough; nth++) {
    const outcome = await run(nth).then(() => 'nothing', String);
    if (outcome.includes(what)) found++;
  }
  return found;
}

/** A line of the report of a run. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
