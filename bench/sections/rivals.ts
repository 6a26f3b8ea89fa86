import { join } from 'node:path';
import { compare } from '../against/ratio.js';
import { again } from '../support/again.js';
import { startCluster } from '../support/etcd-cluster.js';
import { Fleet } from '../support/fleet.js';
import { benchFile } from '../support/load.js';
import { cpuMicros, OTHERS_CORE, which, WRITER_CORE } from '../support/machine.js';
import { freePort, pause, run, startBackground, until } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { fixed, median, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const CALLS = Number(process.env['KVS_BENCH_CALLS'] ?? 10_000);
/** Keys that nobody uses between two slices: calls are rounded up to whole connections. */
const GAP = 100;

type Operation = 'insert' | 'query' | 'streamed';
const OPERATIONS: readonly Operation[] = ['insert', 'query', 'streamed'];

/** A program that holds keys, with one process or several. */
interface Rival {
  readonly name: string;
  readonly system: 'kvs' | 'etcd' | 'redis' | 'nats';
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  readonly can: readonly Operation[];
  /** Number of the next new key. */
  next: number;
  readonly costs: Record<Operation, number[][]>;
  readonly rates: Record<Operation, number[]>;
  close(): Promise<unknown>;
}

type Opened = Pick<Rival, 'name' | 'system' | 'ports' | 'pids' | 'can' | 'close'>;

/** One of our servers beside other programs that hold keys, side by side on one core. */
export async function rivals(rounds: number): Promise<Table[]> {
  const all: Rival[] = [];
  try {
    const openings = [
      () => ours(1),
      () => ours(3),
      () => etcd(1),
      () => etcd(3),
      () => etcd(3, false),
      redis,
      nats,
    ];
    for (const open of openings) {
      const opened = await open();
      if (opened !== undefined) all.push({ ...opened, next: 0, costs: none(), rates: none() });
    }
    for (let round = 0; round <= rounds; round++) {
      for (const operation of OPERATIONS) await playRound(all, operation, round);
    }
    return [tableOf(all, rounds)];
  } finally {
    await Promise.all(all.map((each) => each.close()));
  }
}

function none<T>(): Record<Operation, T[]> {
  return { insert: [], query: [], streamed: [] };
}

async function playRound(all: readonly Rival[], operation: Operation, round: number): Promise<void> {
  const able = all.filter(({ can }) => can.includes(operation));
  const slices = new Map(able.map((rival): [Rival, number[]] => [rival, []]));
  // There and back: the moods of the machine meet all.
  for (const rival of [...able, ...able.toReversed()]) {
    const { micros, seconds } = await again(
      () => rival.name,
      () => slice(rival, operation),
    );
    slices.get(rival)?.push(micros);
    if (round > 0) rival.rates[operation].push(CALLS / seconds);
  }
  // The first round is not counted: code that has never run is slow.
  if (round > 0) for (const [rival, found] of slices) rival.costs[operation].push(found);
}

async function slice(
  rival: Rival,
  operation: Operation,
): Promise<{ readonly micros: number; readonly seconds: number }> {
  // Queries are of the keys of the latest inserts.
  const first = operation === 'query' ? Math.max(0, rival.next - GAP - CALLS) : rival.next;
  if (operation !== 'query') rival.next += CALLS + GAP;
  const before = cpuOf(rival);
  const { seconds } = await load(rival, operation, CALLS, first);
  return { micros: (cpuOf(rival) - before) / CALLS, seconds };
}

function cpuOf({ pids }: Rival): number {
  return pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
}

async function load(
  { system, ports }: Pick<Rival, 'system' | 'ports'>,
  operation: string,
  calls: number,
  first: number,
): Promise<{ readonly seconds: number }> {
  const args = [benchFile('rivals-load'), system, operation, ports.join(','), String(calls), String(first)];
  const output = await run({ program: process.execPath, args, core: OTHERS_CORE });
  return JSON.parse(output) as { readonly seconds: number };
}

function tableOf(all: readonly Rival[], rounds: number): Table {
  const [mine] = all;
  const rows = OPERATIONS.flatMap((operation) =>
    all
      .filter(({ can }) => can.includes(operation))
      .map((rival) => {
        const costs = rival.costs[operation];
        const own = mine?.costs[operation] ?? [];
        const { ratio, low, high } = compare(costs, own);
        return [
          `${operation}, ${rival.name}`,
          whole(median(rival.rates[operation])),
          fixed(median(costs.flat()), 1),
          ...(rival === mine ? ['', ''] : [fixed(ratio, 2), `${fixed(low, 2)} – ${fixed(high, 2)}`]),
        ];
      }),
  );
  return {
    title: 'One server beside other programs that hold keys',
    columns: ['Call', 'calls/s', 'CPU µs/call', 'this ÷ ours', '95 % interval'],
    rows,
    notes: [
      `${rounds} rounds of slices of ${whole(CALLS)} calls, all programs in turn there and back after a round that does not count; 8 connections with 8 calls in flight on each, keys of their own, 64-character values. Processor time of all processes of a program.`,
      'Every program is on one core and the load on the other. Ours keeps versions, in memory, at three servers each call at one of them and the broker within it; Redis without a file; JetStream in memory; etcd on its disk with fsync, three members on the one core. So the rows promise different things, and are no ranking.',
      'Streamed: `InsereVarias`; at Redis SETs with 256 unanswered on each connection.',
      ...(which('redis-server') ? [] : ['Redis is not installed (Debian: redis-server): left out.']),
      ...(which('nats-server') ? [] : ['NATS is not installed (Debian: nats-server): left out.']),
      ...(which('etcd') ? [] : ['etcd is not installed (Debian: etcd-server): left out.']),
    ],
  };
}

/** One server alone, or several that tell each other everything, with the broker among them. */
async function ours(servers: number): Promise<Opened> {
  const fleet = await Fleet.open('embedded', true);
  for (let server = 0; server < servers; server++) await fleet.add(WRITER_CORE);
  const [first] = fleet.members;
  if (first === undefined) throw new Error('there is no server');
  return {
    ...{ name: servers === 1 ? 'ours' : `ours, ${servers} servers`, system: 'kvs', ports: [first.port] },
    ...{ pids: fleet.members.map(({ pid }) => pid), can: OPERATIONS },
    close: () => fleet.close(),
  };
}

/** @param syncs whether its members wait for their disks */
async function etcd(members: number, syncs = true): Promise<Opened | undefined> {
  if (which('etcd') === undefined) return undefined;
  const { ports, processes } = await startCluster(WRITER_CORE, members, syncs);
  const rival: Opened = {
    name: `etcd, ${members} member${members > 1 ? 's' : ''}${syncs ? '' : ', no fsync'}`,
    ...{ system: 'etcd', ports },
    ...{ pids: processes.map(({ pid }) => pid), can: ['insert', 'query'] },
    close: () => Promise.all(processes.map((member) => member.kill())),
  };
  await answers(rival);
  return rival;
}

async function redis(): Promise<Opened | undefined> {
  const program = which('redis-server');
  if (program === undefined) return undefined;
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = await startBackground({ program, args, core: WRITER_CORE }, undefined);
  const rival: Opened = {
    ...{ name: 'Redis', system: 'redis', ports: [port], pids: [server.pid], can: OPERATIONS },
    close: () => server.kill(),
  };
  await answers(rival);
  return rival;
}

async function nats(): Promise<Opened | undefined> {
  const program = which('nats-server');
  if (program === undefined) return undefined;
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(scratchFolder(), 'nats')];
  const server = await startBackground({ program, args, core: WRITER_CORE }, undefined);
  const rival: Opened = {
    ...{
      name: 'NATS JetStream KV',
      system: 'nats',
      ports: [port],
      pids: [server.pid],
      can: ['insert', 'query'],
    },
    close: () => server.kill(),
  };
  await answers(rival, 'bucket');
  return rival;
}

/** Waits until it takes a call. */
async function answers(rival: Pick<Rival, 'system' | 'ports'>, call = 'insert'): Promise<void> {
  await until('it answers', () =>
    load(rival, call, 8, 1e9).then(
      () => true,
      () => pause(200).then(() => false),
    ),
  );
}
