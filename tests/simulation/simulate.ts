/**
 * Simulates whole fleets in virtual time, in several processes, one seed after the other:
 *
 *     npm run simula -- [--sementes 200] [--desde <seed>] [--processos <cores>] [--terreno frota,diarios,observacoes,chave]
 *
 * Tells how many hours were simulated in a minute of processor time. Exits with 1 if a seed broke a rule, and says how to
 * repeat it; with 2 if it was asked for wrongly.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isSeedGround, SEED_GROUNDS } from './grounds.js';
import type { SeedGround } from './grounds.js';
import { baseSeed, print } from './report.js';

const MS_PER_HOUR = 3_600_000;
const US_PER_MINUTE = 60_000_000;
const TOLD_EVERY_MS = 1_000;
const SHOWN_FAILURES = 3;
/** Greatest seed that numbers and their neighbours are exact for. */
const SEED_MAX = 2 ** 32;

/** What a process says of a seed. */
export interface SeedOutcome {
  readonly ground: SeedGround;
  readonly seed: number;
  readonly virtualMs: number;
  /** What was broken; absent: nothing. */
  readonly broken?: string | undefined;
  /** Processor time since the outcome before. */
  readonly cpuUs: number;
}

/** One seed of one ground. */
export interface SeedTask {
  readonly ground: SeedGround;
  readonly seed: number;
}

interface Wanted {
  readonly tasks: readonly SeedTask[];
  readonly processes: number;
}

/** @throws Error with a sentence for whoever asked */
function wanted(args: readonly string[]): Wanted {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sementes: { type: 'string', default: '200' },
      desde: { type: 'string' },
      processos: { type: 'string', default: String(availableParallelism()) },
      terreno: { type: 'string', default: Object.keys(SEED_GROUNDS).join(',') },
    },
  });
  const seeds = whole('--sementes', values.sementes, 1, 1_000_000);
  const first = values.desde === undefined ? baseSeed() : whole('--desde', values.desde, 0, SEED_MAX);
  const grounds = values.terreno.split(',').map((name) => {
    if (isSeedGround(name)) return name;
    throw new Error(`--terreno ${name}: os terrenos são ${Object.keys(SEED_GROUNDS).join(', ')}`);
  });
  const tasks = Array.from({ length: seeds }, (_, i): SeedTask => {
    return {
      ground: grounds[i % grounds.length] as SeedGround,
      seed: first + Math.floor(i / grounds.length),
    };
  });
  return { tasks, processes: Math.min(tasks.length, whole('--processos', values.processos, 1, 64)) };
}

/** What was asked for wrongly; Node's words on options are English. */
function misuse(error: unknown): string {
  const isOfNode = error instanceof TypeError && 'code' in error;
  if (isOfNode)
    return 'as opções são --sementes N, --desde S, --processos P e --terreno T, cada uma com o seu valor';
  return error instanceof Error ? error.message : String(error);
}

function whole(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new Error(`${name} ${text}: esperado um número inteiro de ${String(least)} a ${String(most)}`);
}

/** Runs the tasks, each process one after the other, and hands over each outcome. */
async function runTasks(
  { tasks, processes }: Wanted,
  onOutcome: (outcome: SeedOutcome) => void,
): Promise<void> {
  const worker = fileURLToPath(new URL('simulate-worker.ts', import.meta.url));
  let next = 0;
  await Promise.all(
    Array.from({ length: processes }, () => {
      const child = fork(worker, { execArgv: ['--import', 'tsx'] });
      return new Promise<void>((resolve, reject) => {
        const give = (): void => {
          const task = tasks[next++];
          if (task === undefined) child.disconnect();
          else child.send(task);
        };
        child.on('message', (outcome: SeedOutcome) => {
          onOutcome(outcome);
          give();
        });
        child.on('error', reject);
        child.on('exit', (code) => (code === 0 ? resolve() : reject(ended(child, code))));
        give();
      });
    }),
  );
}

function ended(child: ChildProcess, code: number | null): Error {
  return new Error(`um processo da simulação terminou com ${String(code ?? child.signalCode)}`);
}

async function main(): Promise<number> {
  let plan: Wanted;
  try {
    plan = wanted(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`simula: ${misuse(error)}\n`);
    return 2;
  }
  const { tasks, processes } = plan;
  const first = tasks[0] as SeedTask;
  print(
    `simulação: ${String(tasks.length)} sementes desde ${String(first.seed)}, em ${String(processes)} processos`,
  );
  const broken: SeedOutcome[] = [];
  let [done, virtualMs, cpuUs, toldMs] = [0, 0, 0, 0];
  const startMs = performance.now();
  await runTasks(plan, (outcome) => {
    done++;
    virtualMs += outcome.virtualMs;
    cpuUs += outcome.cpuUs;
    if (outcome.broken !== undefined) broken.push(outcome);
    if (!process.stderr.isTTY || performance.now() - toldMs < TOLD_EVERY_MS) return;
    toldMs = performance.now();
    process.stderr.write(`\r${String(done)} de ${String(tasks.length)}, ${String(broken.length)} com falha `);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  for (const { ground, seed, broken: what } of broken.slice(0, SHOWN_FAILURES)) {
    print(`\nsemente ${String(seed)}, ${ground}: ${what ?? ''}`);
    print(`repita com: npm run simula -- --sementes 1 --desde ${String(seed)} --terreno ${ground}`);
  }
  const names = broken.map(({ ground, seed }) => `${ground} ${String(seed)}`);
  if (names.length > 0) print(`\ntodas as que falharam: ${names.join(', ')}`);
  const hours = virtualMs / MS_PER_HOUR;
  const perMinute = hours / (cpuUs / US_PER_MINUTE);
  print(
    `simulação: ${String(done)} sementes em ${((performance.now() - startMs) / 1_000).toFixed(0)} s, ` +
      `${String(broken.length)} com falha; ${hours.toFixed(1)} horas simuladas, ${perMinute.toFixed(2)} por minuto de processador`,
  );
  return broken.length > 0 ? 1 : 0;
}

process.exitCode = await main();
