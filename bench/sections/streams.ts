import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { BrokerKind, Member } from '../support/fleet.js';
import { benchFile, streamLoad } from '../support/load.js';
import { canPin, cpuSeconds, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { freePort, startBackground, until } from '../support/processes.js';
import { fixed, median, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const ITEMS = 200_000;
const STREAMS = 4;
const ROUNDS = 3;

interface Filled {
  readonly items: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** From the first request until the peer had everything. */
  readonly peerSeconds: number;
  readonly peerCpuSeconds: number;
}

/** Streamed inserts per second beside an empty bidirectional handler, and what a peer receives of them. */
export async function streams(): Promise<Table[]> {
  const kinds: readonly BrokerKind[] = hasMosquitto() ? ['mosquitto', 'embedded'] : ['embedded'];
  const inserted: string[][] = [];
  const received: string[][] = [];
  for (const kind of kinds) {
    const { kvs, empty } = await play(kind);
    const of = (runs: readonly Filled[], value: (run: Filled) => number): number => median(runs.map(value));
    const cost = (run: Filled): number => (1e6 * run.cpuSeconds) / run.items;
    const name = kind === 'mosquitto' ? 'Mosquitto' : 'embedded broker in the peer';
    inserted.push([
      name,
      whole(of(kvs, (run) => run.items / run.seconds)),
      fixed(of(kvs, cost), 1),
      whole(of(empty, (run) => run.items / run.seconds)),
      fixed(of(empty, cost), 1),
    ]);
    received.push([
      name,
      whole(of(kvs, (run) => run.items / run.peerSeconds)),
      fixed(
        of(kvs, (run) => (1e6 * run.peerCpuSeconds) / run.items),
        1,
      ),
      fixed(
        of(kvs, (run) => 1000 * (run.peerSeconds - run.seconds)),
        0,
      ),
    ]);
  }
  const pinning = canPin()
    ? 'The server written to (or the empty one) alone on core 0; generator, peer and Mosquitto share core 1.'
    : 'Nothing was pinned to a core: `taskset` or a second core is missing.';
  return [
    {
      title: `Streamed inserts (InsereVarias, ${STREAMS} streams)`,
      columns: ['Broker', 'inserts/s', 'CPU µs/insert', 'empty: items/s', 'empty: CPU µs/item'],
      rows: inserted,
      notes: [
        `Two servers. Medians of ${ROUNDS} rounds of ${whole(ITEMS)} new keys with 64-character values, the two servers in turn.`,
        pinning,
        'Processor time of the server written to until the peer has everything. Each request was answered with a version.',
      ],
    },
    {
      title: 'Mutations received by the peer during those streams',
      columns: ['Broker', 'received/s', 'CPU µs/mutation', 'behind the last answer (ms)'],
      rows: received,
      notes: [
        'From the first request to the first query of the peer that finds the last insert; the peer applies in order.',
        'Checked after each round: both servers announce the same vector and the same content hash.',
        'With the embedded broker, the peer’s processor time includes the broker.',
      ],
    },
  ];
}

async function play(kind: BrokerKind): Promise<{ kvs: Filled[]; empty: Filled[] }> {
  const fleet = await Fleet.open(kind, true);
  const peer = await fleet.add(OTHERS_CORE);
  const writer = await fleet.add(WRITER_CORE);
  const emptyPort = await freePort();
  const args = [benchFile('empty-server'), String(emptyPort)];
  const empty = await startBackground({ program: process.execPath, args, core: WRITER_CORE }, 'ready');
  const kvsRuns: Filled[] = [];
  const emptyRuns: Filled[] = [];
  try {
    // The first round is not counted: code that has never run is slow.
    for (let round = 0; round <= ROUNDS; round++) {
      const emptyRun = await fillEmpty(emptyPort, empty.pid);
      const kvsRun = await fill(writer, peer, `rodada${round}`);
      await fleet.agreed();
      if (round === 0) continue;
      emptyRuns.push(emptyRun);
      kvsRuns.push(kvsRun);
    }
    return { kvs: kvsRuns, empty: emptyRuns };
  } finally {
    await empty.kill();
    await fleet.close();
  }
}

async function fillEmpty(port: number, pid: number): Promise<Filled> {
  const before = cpuSeconds(pid);
  const load = await streamLoad(port, STREAMS, ITEMS, 'nada', OTHERS_CORE);
  return { ...load, cpuSeconds: cpuSeconds(pid) - before, peerSeconds: 0, peerCpuSeconds: 0 };
}

async function fill(writer: Member, peer: Member, prefix: string): Promise<Filled> {
  const before = cpuSeconds(writer.pid);
  const peerBefore = cpuSeconds(peer.pid);
  const load = await streamLoad(writer.port, STREAMS, ITEMS, prefix, OTHERS_CORE);
  const answeredMs = performance.now();
  for (const key of load.lastKeys) {
    await until(`${key} reaches the peer`, async () => (await peer.client.latest(key)) === 1, { everyMs: 2 });
  }
  const behindSeconds = (performance.now() - answeredMs) / 1000;
  return {
    ...load,
    cpuSeconds: cpuSeconds(writer.pid) - before,
    peerSeconds: load.seconds + behindSeconds,
    peerCpuSeconds: cpuSeconds(peer.pid) - peerBefore,
  };
}
