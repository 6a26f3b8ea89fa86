/**
 * The engine of partitions beside Redis itself: the same client library, nodes and durability. Starts a cluster of its
 * own (`particoes.sh`), and ends it: `npm run bench:particoes`, or with `milhao`: a million keys of 1 KiB over three
 * masters of 512 MiB each.
 */
import { createClient } from '@redis/client';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemRandom } from '../src/app/system-random.js';
import { systemTime } from '../src/app/system-time.js';
import { PartitionsEngine } from '../src/engines/partitions/engine.js';
import { LIBRARY } from '../src/engines/partitions/functions.js';
import { logName, partitionName, partitionOf, slotOf } from '../src/engines/partitions/layout.js';

const FIRST_PORT = 17_001;
const MIB = 1024 * 1024;
const CALLS = Number(process.env['KVS_BENCH_CALLS'] ?? 20_000);
const ROUNDS = 5;

/** The folder of the program: sources and build lie at different depths below it. */
const root = fileURLToPath(new URL(import.meta.url.includes('/dist/') ? '../..' : '..', import.meta.url));

function script(...args: readonly string[]): void {
  const { status } = spawnSync(join(root, 'particoes.sh'), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`particoes.sh ${args.join(' ')} ended with ${status}`);
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const whole = (number: number): string => Math.round(number).toLocaleString('en');

/** Does something so many times, so many at once. @returns how many a second */
async function rate(calls: number, atOnce: number, call: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < calls; n = next++) await call(n);
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (calls * 1000) / (performance.now() - begin);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** One connection to each master, as the engine has, and commands of Redis itself. */
async function bareClients() {
  const clients = await Promise.all(
    [0, 1, 2].map(async (n) => {
      const socket = { host: '127.0.0.1', port: FIRST_PORT + n };
      return createClient({ RESP: 2, commandOptions: { timeout: 0 }, socket }).connect();
    }),
  );
  const of = (key: string) =>
    clients[Math.floor((slotOf(partitionOf(key)) * 3) / 16_384)] as (typeof clients)[number];
  const nameOf = (key: string): string => `${partitionName(partitionOf(key))}${key}`;
  return {
    ...{ clients, of },
    set: (key: string, value: string): Promise<unknown> => of(key).sendCommand(['SET', nameOf(key), value]),
    get: (key: string): Promise<unknown> => of(key).sendCommand(['GET', nameOf(key)]),
  };
}

type Bare = Awaited<ReturnType<typeof bareClients>>;

async function memoryOf(bare: Bare): Promise<readonly number[]> {
  const texts = await Promise.all(bare.clients.map(async (client) => client.info('memory')));
  return texts.map((text) => Number(/^used_memory:([0-9]+)/m.exec(text)?.[1]));
}

/** Processor time of all masters, of all replicas and of this process so far, in ms. */
async function processorMs(): Promise<readonly [masters: number, replicas: number, here: number]> {
  const uses = await Promise.all(
    [0, 1, 2, 3, 4, 5].map(async (n) => {
      const client = await createClient({ url: `redis://127.0.0.1:${FIRST_PORT + n}` }).connect();
      const text = await client.info('cpu');
      client.destroy();
      const of = (name: string): number => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(text)?.[1]);
      return 1000 * (of('used_cpu_sys') + of('used_cpu_user'));
    }),
  );
  const sum = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0);
  const { user, system } = process.cpuUsage();
  return [sum(uses.slice(0, 3)), sum(uses.slice(3)), (user + system) / 1000];
}

/** What one call costs each side: says how many machines are needed for how many calls, on however few cores it is measured. */
async function costs(engine: PartitionsEngine, bare: Bare): Promise<void> {
  const value = 'v'.repeat(100);
  const kinds = [
    ['SET', (n: number) => bare.set(`c${n}`, value)],
    ['insert', (n: number) => engine.write({ kind: 'insert', key: `c${n}`, value })],
    ['GET', (n: number) => bare.get(`c${n}`)],
    ['query', (n: number) => engine.read({ kind: 'version', key: `c${n}` })],
  ] as const;
  for (const [name, call] of kinds) {
    await rate(CALLS, 64, call);
    const before = await processorMs();
    await rate(2 * CALLS, 64, call);
    const after = await processorMs();
    const [masters, replicas, here] = after.map((ms, at) => (1000 * (ms - (before[at] ?? 0))) / (2 * CALLS));
    say(
      `${name} costs ${(here ?? 0).toFixed(1)} µs here, ${(masters ?? 0).toFixed(1)} µs at masters, ${(replicas ?? 0).toFixed(1)} µs at replicas`,
    );
  }
}

/** What the log of a partition costs a write: the same function with and without it, and with watches. */
async function logCost(engine: PartitionsEngine, bare: Bare): Promise<void> {
  const value = 'v'.repeat(100);
  const without = LIBRARY.replaceAll('kvs3', 'kvsb').replace("  tell(log, 'k', member)\n", '');
  for (const client of bare.clients) await client.sendCommand(['FUNCTION', 'LOAD', 'REPLACE', without]);
  const call = (name: string) => async (n: number) => {
    const key = `l${n % 5_000}`;
    const partition = partitionOf(key);
    const subjects = ['2', partitionName(partition), logName(partition)];
    return bare.of(key).sendCommand(['FCALL', name, ...subjects, 'insert', `${key}\0\u0001`, value, '', '']);
  };
  const rates: Record<'with' | 'without', number[]> = { with: [], without: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const found = [await rate(CALLS, 64, call('kvsb_write')), await rate(CALLS, 64, call('kvs3_write'))];
    if (round === 0) continue;
    rates.without.push(found[0] ?? 0);
    rates.with.push(found[1] ?? 0);
  }
  const [plain, logged] = [median(rates.without), median(rates.with)];
  say(
    `the function without a log ${whole(plain)}/s, with it ${whole(logged)}/s (${whole((100 * logged) / plain)} %)`,
  );
  const insert = (n: number) => engine.write({ kind: 'insert', key: `l${n % 5_000}`, value });
  for (const watchers of [0, 1, 100]) {
    const watches = Array.from({ length: watchers }, () => watched(engine));
    for (const { ready } of watches) await ready;
    await rate(CALLS, 64, insert);
    const found: number[] = [];
    for (let round = 0; round < 3; round++) found.push(await rate(CALLS, 64, insert));
    say(`inserts with ${watchers} watches of another prefix: ${whole(median(found))}/s`);
    await Promise.all(watches.map(async (one) => one.end()));
  }
}

function watched(engine: PartitionsEngine): { readonly ready: Promise<unknown>; end(): Promise<unknown> } {
  const rows = engine.scan({ kind: 'watch', prefix: 'outro/', from: 'now' }) as AsyncIterable<unknown>;
  const iterator = rows[Symbol.asyncIterator]();
  return { ready: iterator.next(), end: async () => iterator.return?.() };
}

async function speeds(engine: PartitionsEngine, bare: Bare): Promise<void> {
  const value = 'v'.repeat(100);
  const kinds = [
    ['SET', (n: number) => bare.set(`b${n}`, value)],
    ['insert', (n: number) => engine.write({ kind: 'insert', key: `b${n}`, value })],
    ['GET', (n: number) => bare.get(`b${n}`)],
    ['query', (n: number) => engine.read({ kind: 'version', key: `b${n}` })],
  ] as const;
  for (const atOnce of [1, 64]) {
    const calls = atOnce === 1 ? CALLS / 4 : CALLS;
    const rates = kinds.map((): number[] => []);
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [at, [, call]] of kinds.entries()) {
        const found = await rate(calls, atOnce, call);
        // The first round only warms up.
        if (round > 0) rates[at]?.push(found);
      }
    }
    const [set = 0, insert = 0, get = 0, query = 0] = rates.map(median);
    say(
      `${atOnce} at once: SET ${whole(set)}/s, insert ${whole(insert)}/s (${whole((100 * insert) / set)} %); ` +
        `GET ${whole(get)}/s, query ${whole(query)}/s (${whole((100 * query) / get)} %)`,
    );
  }
}

async function walks(engine: PartitionsEngine): Promise<void> {
  const timed = async (name: string, walk: () => AsyncIterable<unknown>): Promise<void> => {
    const times: number[] = [];
    let rows = 0;
    for (let round = 0; round < 3; round++) {
      const begin = performance.now();
      rows = 0;
      for await (const row of walk()) if (row !== undefined) rows++;
      times.push(performance.now() - begin);
    }
    say(`${name}: ${whole(rows)} rows in ${median(times).toFixed(1)} ms`);
  };
  const scan = (kind: 'one' | 'all' | 'snapshot'): AsyncIterable<unknown> => {
    if (kind === 'snapshot') return engine.scan({ kind: 'snapshot' }) as AsyncIterable<unknown>;
    const [from, to] = kind === 'one' ? ['b1', 'b10'] : ['b', 'c'];
    return engine.scan({ kind: 'range', from, to }) as AsyncIterable<unknown>;
  };
  await timed('range of few keys', () => scan('one'));
  await timed('range of all keys', () => scan('all'));
  await timed('snapshot', () => scan('snapshot'));
}

async function memory(engine: PartitionsEngine, bare: Bare): Promise<void> {
  const sum = async (): Promise<number> => (await memoryOf(bare)).reduce((a, b) => a + b, 0);
  for (const [keys, versions] of [
    [100_000, 1],
    [10_000, 10],
  ] as const) {
    const before = await sum();
    await rate(keys * versions, 64, async (n) =>
      engine.write({ kind: 'insert', key: `m${versions}/${n % keys}`, value: 'valor' }),
    );
    say(
      `memory of ${whole(keys)} keys of ${versions}: ${whole(((await sum()) - before) / keys / versions)} B a version`,
    );
  }
}

async function million(engine: PartitionsEngine, bare: Bare): Promise<void> {
  const keys = 1_000_000;
  // Not the same bytes again and again.
  const noise = randomBytes(MIB).toString('base64');
  const valueOf = (n: number): string => noise.slice((n * 769) % MIB, ((n * 769) % MIB) + 1024);
  const written = await rate(keys, 256, async (n) =>
    engine.write({ kind: 'insert', key: `k${n}`, value: valueOf(n) }),
  );
  const used = await memoryOf(bare);
  say(
    `a million keys of 1 KiB: ${whole(written)} inserts/s; masters use ${used.map((b) => `${whole(b / MIB)} MiB`).join(', ')}`,
  );
  let wrong = 0;
  await rate(100_000, 256, async (n) => {
    const at = (n * 9973) % keys;
    if ((await engine.read({ kind: 'version', key: `k${at}` }))?.value !== valueOf(at)) wrong++;
  });
  const { keys: found, versions } = await engine.amounts();
  say(
    `there are ${whole(found)} keys, ${whole(versions)} versions; of 100,000 read again ${wrong} are wrong`,
  );
  if (wrong > 0 || found !== keys) process.exitCode = 1;
}

const isMillion = process.argv.includes('milhao');
const folder = mkdtempSync(join(tmpdir(), 'kvs-bench-'));
const where = ['--porta', String(FIRST_PORT), '--dados', folder];
script('inicia', ...where, ...(isMillion ? ['--memoria', '512'] : []));
try {
  const nothing = (): void => undefined;
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const engine = new PartitionsEngine({
    ...{
      nodes: [`127.0.0.1:${FIRST_PORT}`],
      deadlineMs: 30_000,
      time: systemTime,
      random: systemRandom,
      logger,
    },
  });
  engine.start();
  while (!engine.available) await new Promise((resolve) => setTimeout(resolve, 50));
  const bare = await bareClients();
  if (isMillion) await million(engine, bare);
  else {
    await speeds(engine, bare);
    await costs(engine, bare);
    await logCost(engine, bare);
    await walks(engine);
    await memory(engine, bare);
  }
  await engine.stop();
  for (const client of bare.clients) client.destroy();
} finally {
  script('para', ...where);
  rmSync(folder, { recursive: true, force: true });
}
