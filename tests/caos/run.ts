import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { judge } from './checkers/check.js';
import type { Judgement } from './checkers/check.js';
import { HistoryFile, readHistory } from './history.js';
import type { EngineName, FinalRow } from './history.js';
import { openGround } from './grounds/open.js';
import type { Ground } from './grounds/ground.js';
import { Load } from './load.js';
import { Nemesis } from './nemesis.js';
import { PROMISES } from './promises.js';

export interface CaosOptions {
  readonly engine: EngineName;
  readonly seconds: number;
  readonly seed: number;
  readonly servers: number;
  readonly withoutDisk: number;
  readonly clients: number;
  /** Of the history file. */
  readonly path: string;
  /** Shortest and longest time of a fault, and between the beginnings of two, in ms. */
  readonly lastsMs?: readonly [number, number];
  readonly gapMs?: readonly [number, number];
  /** Now and then, for who waits. */
  readonly onProgress?: (progress: CaosProgress) => void;
  readonly onRemark?: (text: string) => void;
}

export interface CaosProgress {
  readonly seconds: number;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  readonly faults: number;
  readonly present: number;
}

export interface CaosReport {
  readonly calls: { readonly ok: number; readonly failed: number; readonly unknown: number };
  readonly faults: ReadonlyMap<string, number>;
  readonly keys: number;
  readonly judgement: Judgement;
  /** How long it took after the last fault until all was well and equal, in ms. */
  readonly settledMs: number;
}

const LASTS_MS: readonly [number, number] = [1_500, 12_000];
const GAP_MS: readonly [number, number] = [300, 4_000];
const TOLD_EVERY_MS = 1_000;
/** Clients go on for so long once all faults are undone. */
const CALM_MS = 2_000;
/** Until then all must be well and equal. */
const SETTLES_MS_MAX = 120_000;
const ASKED_MS_MAX = 10_000;

/** Real servers under faults with clients for so long, and what the checkers make of it. */
export async function runCaos(options: CaosOptions): Promise<CaosReport> {
  const { engine, seed, seconds, servers, withoutDisk, clients, path } = options;
  await mkdir(dirname(path), { recursive: true });
  const history = new HistoryFile(path);
  history.add({ kind: 'run', engine, seed, seconds, servers, withoutDisk });
  const ground = await openGround(engine, { history, servers, withoutDisk });
  for (const remark of ground.remarks) options.onRemark?.(remark);
  const load = new Load({
    targets: ground.servers,
    promises: PROMISES[engine],
    ...{ history, seed, clients, losesSessions: withoutDisk > 0 },
  });
  const nemesis = new Nemesis({
    faults: ground.faults,
    ...{ seed, history, lastsMs: options.lastsMs ?? LASTS_MS, gapMs: options.gapMs ?? GAP_MS },
  });
  const startMs = performance.now();
  const told = setInterval(() => {
    const faults = [...nemesis.counts.values()].reduce((sum, count) => sum + count, 0);
    const passed = (performance.now() - startMs) / 1_000;
    options.onProgress?.({ seconds: passed, ...load.counts, faults, present: nemesis.present });
  }, TOLD_EVERY_MS);
  let settledMs = 0;
  try {
    await wellOnes(ground);
    load.start();
    await nemesis.run(performance.now() + seconds * 1_000);
    const endMs = performance.now();
    await ground.heal();
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    await load.stop();
    await wellOnes(ground);
    await lastLook(ground, load, history);
    settledMs = performance.now() - endMs;
  } finally {
    clearInterval(told);
    load.stopped = true;
    await ground.close();
    await history.close();
  }
  return {
    ...{ calls: load.counts, faults: nemesis.counts, keys: load.keys.size, settledMs },
    judgement: judge(await readHistory(path)),
  };
}

/** Waits until every server says that it serves; what is not so in the end is found by the checkers. */
async function wellOnes(ground: Ground): Promise<void> {
  await until(SETTLES_MS_MAX, async () => {
    const states = await Promise.all(ground.servers.map(({ client }) => client.health('', ASKED_MS_MAX)));
    return states.every((state) => state === 'SERVING');
  });
}

/** What every server holds, once all hold the same or the patience is at its end. */
async function lastLook(ground: Ground, load: Load, history: HistoryFile): Promise<void> {
  let states: readonly (readonly FinalRow[])[] = [];
  await until(SETTLES_MS_MAX, async () => {
    const agree = await Promise.all(ground.servers.map(({ client }) => client.agrees(ASKED_MS_MAX)));
    if (agree.includes(false)) return false;
    states = await Promise.all(ground.servers.map((server) => rowsOf(server.client, load.keys)));
    return new Set(states.map((rows) => JSON.stringify(rows))).size === 1;
  });
  if (states.length === 0)
    states = await Promise.all(ground.servers.map((server) => rowsOf(server.client, load.keys)));
  await load.readLast();
  for (const [index, server] of ground.servers.entries()) {
    const health: Record<string, string> = {};
    for (const name of ground.healthNames)
      health[name] = (await server.client.health(name, ASKED_MS_MAX)) ?? 'não existe';
    const agrees = await server.client.agrees(ASKED_MS_MAX);
    history.add({ kind: 'final', server: server.name, health, agrees, rows: states[index] ?? [] });
  }
}

async function rowsOf(
  client: Ground['servers'][number]['client'],
  keys: Iterable<string>,
): Promise<readonly FinalRow[]> {
  const rows: FinalRow[] = [];
  for (const key of [...keys].sort()) {
    const held = (await client.history(key, ASKED_MS_MAX)).map(({ value, version }): FinalRow => {
      return [key, value, version];
    });
    rows.push(...held.sort((a, b) => a[2] - b[2] || (a[1] < b[1] ? -1 : 1)));
  }
  return rows;
}

/** Asks again and again; an exception counts as "not yet", also at the end. */
async function until(mostMs: number, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + mostMs;
  while (performance.now() < end) {
    if (await condition().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
