import { join } from 'node:path';
import { benchFile } from '../support/load.js';
import { cpuSeconds, OTHERS_CORE, root, which, WRITER_CORE } from '../support/machine.js';
import { startCluster } from '../support/etcd-cluster.js';
import { freePort, run, startBackground } from '../support/processes.js';
import type { Background } from '../support/processes.js';
import { fixed, median, percent, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const ROUNDS = 3;
/** Calls of one round, for each number of clients: enough that code which is still slow is not most of them. */
const CALLS = { 1: { put: 3_000, get: 6_000 }, 64: { put: 12_000, get: 18_000 } } as const;

type Operation = 'put' | 'get';

/** The two sides: processes whose processor time counts. */
interface Processes {
  readonly server: Background;
  readonly members: readonly Background[];
}

interface Load {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A load, and the processor time that a call of it took of the server and of the members, µs. */
interface Measured extends Load {
  readonly serverMicros: number;
  readonly memberMicros: number;
}

/** Inserts and queries through a server of the consensus engine, beside puts and gets in etcd itself. */
export async function consensus(): Promise<Table[]> {
  if (which('etcd') === undefined) {
    process.stderr.write(' etcd is not installed (Debian: etcd-server): left out.');
    return [];
  }
  const cluster = await startCluster(WRITER_CORE);
  try {
    const port = await freePort();
    const args = ['servidor', String(port), '--motor', 'consenso', '--log-nivel', 'warn'];
    const replicas = ['--replicas', cluster.ports.map((member) => `127.0.0.1:${member}`).join(',')];
    const server = await startBackground(
      { program: join(root, 'bin/kvs'), args: [...args, ...replicas], core: OTHERS_CORE },
      'servidor pronto',
    );
    const sides = { server, members: [...cluster.processes] };
    cluster.processes.push(server);
    const rows: string[][] = [];
    for (const clients of [1, 64] as const) {
      for (const operation of ['put', 'get'] as const) {
        rows.push(await contest(cluster.ports, port, operation, clients, sides));
      }
    }
    return [table(rows)];
  } finally {
    await Promise.all(cluster.processes.map((each) => each.kill()));
  }
}

function table(rows: string[][]): Table {
  return {
    title: 'The consensus engine beside etcd itself, three members',
    columns: [
      'Calls, clients',
      'ours: calls/s',
      'etcd: calls/s',
      'ratio',
      'ours: p50 ms',
      'p99 ms',
      'etcd: p50 ms',
      'p99 ms',
      'ours: CPU µs/call, server + members',
      'etcd: CPU µs/call, members',
    ],
    rows,
    notes: [
      `Medians of ${ROUNDS} rounds, the two in turn, after a round of each that does not count. A pool of 1,000 keys, 64-character values; each client has one call in flight.`,
      'Ours: `kvs.KVS` `Insere` and `Consulta` (linearizable) at one server. etcd: `KV/Put` and `KV/Range` (linearizable), clients spread over the members, or each member in turn for one client.',
      'The durability is the same: the members’ own, on the disks of a majority before the answer. An insert is one transaction that compares the head and writes the version, its place in the indexes, and the head; a put of etcd keeps no version that can be asked for after a compaction.',
      'The three members share one core; the server and the load generator share the other.',
    ],
  };
}

async function contest(
  members: readonly number[],
  port: number,
  operation: Operation,
  clients: 1 | 64,
  { server, members: etcds }: Processes,
): Promise<string[]> {
  const calls = CALLS[clients][operation];
  let first = 0;
  const used = (): { readonly ours: number; readonly theirs: number } => ({
    ours: cpuSeconds(server.pid),
    theirs: etcds.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
  });
  const load = async (ports: readonly number[], system: 'kvs' | 'etcd'): Promise<Measured> => {
    const args = [ports.join(','), system, operation, String(calls), String(clients), String(first)];
    const before = used();
    const program = { program: process.execPath, core: OTHERS_CORE };
    const output = await run({ ...program, args: [benchFile('consensus-load'), ...args] });
    const after = used();
    const result = JSON.parse(output) as Load;
    const micros = (seconds: number): number => (1e6 * seconds) / result.calls;
    const serverMicros = micros(after.ours - before.ours);
    return { ...result, serverMicros, memberMicros: micros(after.theirs - before.theirs) };
  };
  if (operation === 'get') await fill(members, port);
  const mine: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round <= ROUNDS; round++, first += calls) {
    const [kvs, etcd] = [await load([port], 'kvs'), await load(members, 'etcd')];
    if (round === 0) continue;
    mine.push(kvs);
    theirs.push(etcd);
  }
  const rate = (loads: readonly Load[]): number => median(loads.map((each) => each.calls / each.seconds));
  const middle = (loads: readonly Load[], figure: 'p50Ms' | 'p99Ms'): string =>
    fixed(median(loads.map((each) => each[figure])), 2);
  const cost = (loads: readonly Measured[], figure: 'serverMicros' | 'memberMicros'): string =>
    whole(median(loads.map((each) => each[figure])));
  return [
    `${operation === 'put' ? 'insert / put' : 'query / get'}, ${clients === 1 ? '1 client' : `${clients} clients`}`,
    whole(rate(mine)),
    whole(rate(theirs)),
    percent(rate(mine) / rate(theirs)),
    middle(mine, 'p50Ms'),
    middle(mine, 'p99Ms'),
    middle(theirs, 'p50Ms'),
    middle(theirs, 'p99Ms'),
    `${cost(mine, 'serverMicros')} + ${cost(mine, 'memberMicros')}`,
    cost(theirs, 'memberMicros'),
  ];
}

/** Every key of the pool has a value, in both. */
async function fill(members: readonly number[], port: number): Promise<void> {
  for (const [ports, system] of [
    [[port], 'kvs'],
    [members, 'etcd'],
  ] as const) {
    const args = [benchFile('consensus-load'), ports.join(','), system, 'put', '1200', '64', '0'];
    await run({ program: process.execPath, args });
  }
}
