import { readFile, writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { ServerProcess } from '../../support/server-process.js';
import type { Way } from '../../support/hostile-client.js';
import { AttackRun } from './attack.js';
import type { Attack } from './attack.js';

const MS_PER_TICK = 10;
/** What a connection may cost, in plain refused calls: what came in one read is served before it is cut. */
const CONNECTION_CALLS = 200;
/** What the clock of the system, the rest of the server and a small number of units may add. */
const SLACK_MICROS = 200_000;
const USUAL_CALLS = 10;

/** What one attack cost a server. */
export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly units: number;
  readonly connections: number;
  readonly seconds: number;
  /** Processor time of the server during the attack, without that for the honest client. */
  readonly cpuSeconds: number;
  readonly cpuMicrosPerUnit: number;
  /** The most memory that the server had, above what it had before. */
  readonly growthMiB: number;
  /** What an honest client waited for its calls meanwhile. */
  readonly honestP99Ms: number;
  readonly honestCalls: number;
  readonly honestErrors: number;
}

/**
 * Runs an attack on a server that serves an honest client too.
 * @param honestMicros what the server needs for each call of the honest client, with all else that it does meanwhile
 */
export async function measure(
  server: ServerProcess,
  way: Way,
  attack: Attack,
  lastMs: number,
  honestMicros = 0,
): Promise<Measured> {
  await writeFile(`/proc/${server.pid}/clear_refs`, '5');
  const before = await memoryOf(server.pid);
  const cpuBefore = await cpuMsOf(server.pid);
  const startMs = performance.now();
  const run = new AttackRun(way, lastMs);
  const honest = new HonestClient(server);
  // Ends those too that wait until the server takes more.
  const end = setTimeout(() => {
    run.closeAll();
  }, lastMs);
  try {
    await attack.run(run);
  } finally {
    clearTimeout(end);
    run.closeAll();
    await honest.stop();
  }
  const seconds = (performance.now() - startMs) / 1e3;
  const cpuMs = (await cpuMsOf(server.pid)) - cpuBefore;
  const cpuSeconds = Math.max(0, cpuMs / 1e3 - (honest.calls * honestMicros) / 1e6);
  const { peak } = await memoryOf(server.pid);
  return {
    ...{ name: attack.name, unit: attack.unit, units: run.units, connections: run.connections, seconds },
    cpuSeconds,
    cpuMicrosPerUnit: (cpuSeconds * 1e6) / Math.max(1, run.units),
    growthMiB: (peak - before.now) / 1024,
    honestP99Ms: honest.p99Ms(),
    honestCalls: honest.calls,
    honestErrors: honest.errors,
  };
}

/**
 * Most processor time that an attack may have taken.
 * @param callMicros of a plain refused call
 */
export function mostCpuSeconds(
  { most = USUAL_CALLS }: Attack,
  measured: Measured,
  callMicros: number,
): number {
  const { units, connections } = measured;
  const calls = most * units + CONNECTION_CALLS * connections;
  return (SLACK_MICROS + calls * callMicros) / 1e6;
}

/** Rows of a table for people, in Markdown. @param callMicros of a plain refused call */
export function rowOf(measured: Measured, callMicros: number): string {
  const { name, unit, units, connections, seconds, cpuSeconds, growthMiB, honestP99Ms } = measured;
  // Where a connection is cut at once, there are hardly any units: then it is the connection that costs.
  const isCut = units < 10 * connections;
  const isStuck = units === 0 && connections < 5;
  const isNothing = isStuck || cpuSeconds === 0;
  const cost = (cpuSeconds * 1e6) / Math.max(1, isCut ? connections : units);
  const rate = (isCut ? connections : units) / seconds;
  return [
    '',
    name,
    isStuck
      ? 'nothing further is read'
      : `${isCut ? 'connection' : unit}, ${Math.round(rate).toLocaleString('en')}/s`,
    isNothing ? '–' : cost.toFixed(cost < 10 ? 2 : 0),
    isNothing ? '–' : (cost / callMicros).toFixed(cost < callMicros ? 3 : 1),
    (cpuSeconds / seconds).toFixed(2),
    Math.max(0, growthMiB).toFixed(0),
    honestP99Ms.toFixed(0),
    '',
  ]
    .join(' | ')
    .trim();
}

export const TABLE_HEAD = [
  '| Attack | Counted | µs | Plain refused calls | Cores | MiB | p99, ms |',
  '|---|---|---|---|---|---|---|',
];

/** Calls one after the other, with a rest between. */
class HonestClient {
  errors = 0;
  private readonly tookMs: number[] = [];
  private isStopped = false;
  private readonly ended: Promise<void>;

  constructor(private readonly server: ServerProcess) {
    this.ended = this.go();
  }

  get calls(): number {
    return this.tookMs.length;
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return this.ended;
  }

  p99Ms(): number {
    const sorted = this.tookMs.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)] ?? Infinity;
  }

  private async go(): Promise<void> {
    while (!this.isStopped) {
      const startMs = performance.now();
      try {
        await this.server.client.insere('honesto', 'valor');
        this.tookMs.push(performance.now() - startMs);
      } catch {
        this.errors++;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** In KiB. */
async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}
