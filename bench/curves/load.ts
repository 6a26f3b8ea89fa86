import { cpuMicros, OTHERS_CORE } from '../support/machine.js';
import { benchFile } from '../support/load.js';
import { run } from '../support/processes.js';
import type { Member } from '../support/fleet.js';
import { median } from '../support/stats.js';

/** Unary calls of a curve. */
export interface CurveLoad {
  readonly port: number;
  readonly operation: 'insert' | 'query';
  readonly calls: number;
  /** Keys are `<prefix>-<number>`. */
  readonly prefix: string;
  readonly firstKey: number;
  /** Inserts go round so many keys, queries spread over them. */
  readonly keys: number;
  /** Of a query: what the answer has at least. */
  readonly valueBytes: number;
  /** Of a query: the version that is asked for; the latest if there is none. */
  readonly version?: number;
  readonly connections: number;
  /** On each connection. */
  readonly inFlight: number;
}

/** What most curves ask with. */
export const USUAL = { valueBytes: 64, connections: 8, inFlight: 32 } as const;

/** Runs of each measurement. */
export const TURNS = 3;

/** What one call costs. */
export interface Cost {
  /** Of processor time of the server. */
  readonly micros: number;
  readonly p50Ms: number;
}

/**
 * Calls as they come, and what each cost: the median of three runs.
 * @param loadOf the calls of a run by its number: inserts of new keys need others each time
 * @param settled waits until what follows from the calls is done
 */
export async function costOf(
  { pid }: Member,
  loadOf: (turn: number) => CurveLoad,
  settled: () => Promise<void> = () => Promise.resolve(),
): Promise<Cost> {
  const costs: Cost[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const before = cpuMicros(pid);
    const { calls, p50Ms } = await play(loadOf(turn));
    await settled();
    costs.push({ micros: (cpuMicros(pid) - before) / calls, p50Ms });
  }
  return {
    micros: median(costs.map(({ micros }) => micros)),
    p50Ms: median(costs.map(({ p50Ms }) => p50Ms)),
  };
}

/** Makes the calls once. @throws Error at the first answer that is not right */
export async function play(load: CurveLoad): Promise<{ readonly calls: number; readonly p50Ms: number }> {
  const args = [benchFile('curve-load'), JSON.stringify(load)];
  const output = await run({ program: process.execPath, args, core: OTHERS_CORE });
  return JSON.parse(output) as { readonly calls: number; readonly p50Ms: number };
}
