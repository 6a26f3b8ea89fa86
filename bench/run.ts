/** `npm run bench`: measures the sections that are asked for, one after the other, and prints their tables. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { against, AGAINST_SECTIONS } from './against/against.js';
import type { Comparison } from './against/against.js';
import { shortAgainst } from './against/short.js';
import { balance } from './sections/balance.js';
import { batch } from './sections/batch.js';
import { consensus } from './sections/consensus.js';
import { durability } from './sections/durability.js';
import { forget } from './sections/forget.js';
import { guarantees } from './sections/guarantees.js';
import { http } from './sections/http.js';
import { join } from './sections/join.js';
import { lag } from './sections/lag.js';
import { memory } from './sections/memory.js';
import { metrics } from './sections/metrics.js';
import { mqtt } from './sections/mqtt.js';
import { origins } from './sections/origins.js';
import { panel } from './sections/panel.js';
import { pauses } from './sections/pauses.js';
import { portal } from './sections/portal.js';
import { restart } from './sections/restart.js';
import { rivals } from './sections/rivals.js';
import { seal } from './sections/seal.js';
import { start } from './sections/start.js';
import { streams } from './sections/streams.js';
import { unary } from './sections/unary.js';
import { watch } from './sections/watch.js';
import { machine } from './support/machine.js';
import { killAll } from './support/processes.js';
import { markdown } from './support/table.js';
import type { Table } from './support/table.js';

const SECTIONS = {
  unary,
  http,
  streams,
  batch,
  lag,
  memory,
  pauses,
  join,
  consensus,
  balance,
  durability,
  restart,
  portal,
  seal,
  guarantees,
  forget,
  origins,
  metrics,
  watch,
  panel,
  mqtt,
  start,
  rivals,
};
type Name = keyof typeof SECTIONS;

interface Result {
  /** When it was measured, and where. */
  readonly date: string;
  readonly machine: string;
  /** Processes that wanted to run during the minute before: 0 on an idle machine. */
  readonly load: number;
  readonly tables: readonly Table[];
  /** Of `against`: every figure of every round. */
  readonly raw?: Comparison['raw'];
}

type Results = Partial<Record<Name | 'against', Result>>;

const USAGE = `npm run bench -- [--only unary,http,streams,batch,lag,memory,pauses,join,consensus,balance,durability,restart,portal,seal,guarantees,forget,origins,metrics,watch,panel,mqtt,start,rivals] [--rounds 15] [--markdown]

  --only       measures these sections; all by default (about ten minutes)
  --rounds     measured rounds of unary, metrics, watch, panel, mqtt, start and rivals, at least 3; streams always has 3
  --against    compares the present build with that of a commit, side by side (--only ${AGAINST_SECTIONS.join(',')}):
               exit code 1 unless every figure is as good as before
  --curta      with --against: one round of what a call costs; exit code 1 only where it and two further ones find
               a figure more than 15 % worse
  --markdown   measures nothing: prints the latest results of every section again
`;

const file = fileURLToPath(new URL('results.json', import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      against: { type: 'string' },
      curta: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '15' },
      markdown: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const results: Results = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
  if (values.markdown) {
    print(results);
    return;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 3)
    throw new Error(`--rounds ${values.rounds}: a whole number from 3`);
  if (values.curta && values.against === undefined) throw new Error('--curta needs --against <commit>');
  if (values.against !== undefined) {
    const revision = values.against;
    const sections = values.only?.split(',') ?? AGAINST_SECTIONS;
    for (const name of sections) requireKnown(name, AGAINST_SECTIONS);
    const compared = await measure(() =>
      values.curta ? shortAgainst(revision) : against(revision, rounds, sections),
    );
    keep(results, 'against', { ...compared.setting, tables: compared.found.tables, raw: compared.found.raw });
    if (!compared.found.passed) process.exitCode = 1;
    return;
  }
  const names = Object.keys(SECTIONS) as Name[];
  for (const name of values.only?.split(',').map((text) => requireKnown(text, names)) ?? names) {
    process.stderr.write(`${name} …`);
    const startMs = performance.now();
    const { found, setting } = await measure(() => SECTIONS[name](rounds));
    process.stderr.write(` ${Math.round((performance.now() - startMs) / 1000)} s\n\n`);
    keep(results, name, { ...setting, tables: found });
  }
}

/** What a measurement found, and when and where that was. */
async function measure<Found>(
  work: () => Promise<Found>,
): Promise<{ found: Found; setting: Omit<Result, 'tables'> }> {
  const load = loadavg()[0] ?? NaN;
  const found = await work();
  return { found, setting: { date: new Date().toISOString().slice(0, 10), machine: machine(), load } };
}

/** Prints a result and writes it beside those of the other sections. */
function keep(results: Results, name: keyof Results, result: Result): void {
  results[name] = result;
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  print({ [name]: result });
}

function print(results: Results): void {
  for (const { tables, date, machine: place, load } of Object.values(results)) {
    for (const table of tables) console.log(markdown(table));
    console.log(`Measured on ${date}: ${place}; load average before it ${load.toFixed(1)}.\n`);
  }
}

function requireKnown<Known extends string>(text: string, names: readonly Known[]): Known {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new Error(`--only ${text}: not one of ${names.join(', ')}`);
  return name;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  killAll();
}
