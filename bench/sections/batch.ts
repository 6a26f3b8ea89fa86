import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { Member } from '../support/fleet.js';
import { batchLoad, benchFile } from '../support/load.js';
import { cpuSeconds, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { freePort, startBackground, until } from '../support/processes.js';
import { fixed, median, percent, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const PAIRS = 1_000;
const CALLS = 200;
const ROUNDS = 5;

interface Filled {
  readonly items: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** How long after the last answer every peer had everything; 0 without peers. */
  readonly behindSeconds: number;
}

/** Pairs per second in batches of 1,000, beside a handler that only reads them, alone and with two peers. */
export async function batch(): Promise<Table[]> {
  const emptyPort = await freePort();
  const args = [benchFile('empty-server'), String(emptyPort)];
  const empty = await startBackground({ program: process.execPath, args, core: WRITER_CORE }, 'ready');
  const alone = await Fleet.open('embedded', true);
  const fleet = await Fleet.open(hasMosquitto() ? 'mosquitto' : 'embedded', true);
  try {
    const single = await alone.add(WRITER_CORE);
    const peers = [await fleet.add(OTHERS_CORE), await fleet.add(OTHERS_CORE)];
    const writer = await fleet.add(WRITER_CORE);
    const runs: Record<'empty' | 'alone' | 'fleet', Filled[]> = { empty: [], alone: [], fleet: [] };
    // The first round is not counted: code that has never run is slow.
    for (let round = 0; round <= ROUNDS; round++) {
      const played = {
        empty: await fill({ port: emptyPort, pid: empty.pid }, [], `vazia${round}`),
        alone: await fill(single, [], `so${round}`),
        fleet: await fill(writer, peers, `frota${round}`),
      };
      await fleet.agreed();
      if (round === 0) continue;
      for (const name of ['empty', 'alone', 'fleet'] as const) runs[name].push(played[name]);
    }
    return [tableOf(runs)];
  } finally {
    await Promise.all([empty.kill(), alone.close(), fleet.close()]);
  }
}

async function fill(
  { port, pid }: Pick<Member, 'port' | 'pid'>,
  peers: readonly Member[],
  prefix: string,
): Promise<Filled> {
  const before = cpuSeconds(pid);
  const load = await batchLoad(port, CALLS, PAIRS, prefix);
  const answeredMs = performance.now();
  for (const key of load.lastKeys) {
    for (const { client } of peers) {
      await until(`${key} reaches the peer`, async () => (await client.latest(key)) === 1, { everyMs: 2 });
    }
  }
  const behindSeconds = peers.length === 0 ? 0 : (performance.now() - answeredMs) / 1000;
  return { ...load, cpuSeconds: cpuSeconds(pid) - before, behindSeconds };
}

function tableOf({ empty, alone, fleet }: Record<'empty' | 'alone' | 'fleet', Filled[]>): Table {
  const rate = (runs: readonly Filled[]): number => median(runs.map((run) => run.items / run.seconds));
  const cost = (runs: readonly Filled[]): number =>
    median(runs.map((run) => (1e6 * run.cpuSeconds) / run.items));
  const arrived = median(fleet.map((run) => run.items / (run.seconds + run.behindSeconds)));
  const behind = median(fleet.map((run) => run.behindSeconds));
  const row = (name: string, runs: readonly Filled[], more: readonly string[]): string[] => [
    ...[name, whole(rate(runs)), percent(rate(runs) / rate(empty)), fixed(cost(runs), 2)],
    ...[percent(cost(empty) / cost(runs)), ...more],
  ];
  return {
    title: `Batches of ${whole(PAIRS)} pairs (GravaLote)`,
    columns: [
      'Server',
      'pairs/s answered',
      'of empty',
      'CPU µs/pair',
      'empty ÷ this',
      'pairs/s at the peers',
      'behind the last answer (s)',
    ],
    rows: [
      row('empty handler of the library', empty, ['', '']),
      row('ours, alone', alone, ['', '']),
      row('ours, two peers', fleet, [whole(arrived), fixed(behind, 2)]),
    ],
    notes: [
      `Medians of ${ROUNDS} rounds of ${whole(CALLS * PAIRS)} new keys with 64-character values, 4 connections with 2 batches in flight on each; the servers in turn.`,
      'The server written to, or the empty one, on core 0; generator, peers and broker on core 1. The empty handler reads the pairs and answers with as many numbers.',
      'Processor time of the server written to, with two peers until they have everything. Every pair was given a version; afterwards all servers announce the same content.',
    ],
  };
}
