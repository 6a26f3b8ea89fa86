import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { Member } from '../support/fleet.js';
import { unaryLoad } from '../support/load.js';
import type { Manner } from '../support/load.js';
import { cpuSeconds, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { fixed, median, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

/** Tiny counts for a look at whether it runs: `KVS_BENCH_CALLS=100`. */
const CALLS = Number(process.env['KVS_BENCH_CALLS'] ?? 20_000);
/** One at a time they take a round trip each. */
const SINGLE_CALLS = Math.ceil(CALLS / 10);
const ROUNDS = 3;

const ALONE = { connections: 1, inFlight: 1 };
const MANY = { connections: 8, inFlight: 8 };

/** What a call asks for beside its answer. */
interface Subject {
  readonly name: string;
  readonly metadata: Manner['metadata'];
  readonly rounds: Round[];
}

interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly manyP50Ms: number;
  readonly manyP99Ms: number;
  /** Of the called server. */
  readonly cpuMicros: number;
}

/** What sessions and confirmations cost the calls that ask for them, beside calls that do not, on one fleet of three servers. */
export async function guarantees(): Promise<Table[]> {
  const fleet = await Fleet.open(hasMosquitto() ? 'mosquitto' : 'embedded', true);
  try {
    const writer = await fleet.add(WRITER_CORE);
    await fleet.add(OTHERS_CORE);
    await fleet.add(OTHERS_CORE);
    await fleet.agreed();
    const token = await writer.client.session('sessão', 'primeira');
    const subjects: Subject[] = [
      { name: 'nothing', metadata: [], rounds: [] },
      { name: 'a session', metadata: [['kvs-sessao', token]], rounds: [] },
      { name: 'one confirmation', metadata: [['kvs-confirmacao', '1']], rounds: [] },
      { name: 'two confirmations', metadata: [['kvs-confirmacao', '2']], rounds: [] },
    ];
    let firstKey = 0;
    // The first round is not counted: code that has never run is slow.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const subject of subjects) {
        const played = await play(writer, subject, firstKey);
        firstKey += SINGLE_CALLS + CALLS + MANY.connections;
        // What is still on its way is no cost of the next.
        await fleet.agreed();
        if (round > 0) subject.rounds.push(played);
      }
    }
    return [table(subjects)];
  } finally {
    await fleet.close();
  }
}

async function play({ port, pid }: Member, { metadata }: Subject, first: number): Promise<Round> {
  const single = await unaryLoad(port, 'insert', SINGLE_CALLS, first, SINGLE_CALLS, { ...ALONE, metadata });
  const before = cpuSeconds(pid);
  const many = await unaryLoad(port, 'insert', CALLS, first + SINGLE_CALLS, CALLS, { ...MANY, metadata });
  return {
    p50Ms: single.p50Ms,
    p99Ms: single.p99Ms,
    perSecond: many.items / many.seconds,
    manyP50Ms: many.p50Ms,
    manyP99Ms: many.p99Ms,
    cpuMicros: (1e6 * (cpuSeconds(pid) - before)) / many.items,
  };
}

function table(subjects: readonly Subject[]): Table {
  return {
    title: 'What guarantees cost the calls that ask for them',
    columns: [
      'Asked for',
      '1 in flight: p50 (ms)',
      'p99 (ms)',
      '64 in flight: inserts/s',
      'p50 (ms) ',
      'p99 (ms) ',
      'CPU µs/insert',
    ],
    rows: subjects.map(({ name, rounds }) => {
      const middle = (value: (round: Round) => number, decimals: number): string =>
        fixed(median(rounds.map(value)), decimals);
      return [
        name,
        middle((r) => r.p50Ms, 2),
        middle((r) => r.p99Ms, 2),
        whole(median(rounds.map((r) => r.perSecond))),
        middle((r) => r.manyP50Ms, 2),
        middle((r) => r.manyP99Ms, 2),
        middle((r) => r.cpuMicros, 1),
      ];
    }),
    notes: [
      `One fleet of three servers on ${hasMosquitto() ? 'Mosquitto' : 'the embedded broker of the called one'}; medians of ${ROUNDS} rounds in turn of ${whole(SINGLE_CALLS)} inserts one after the other and ${whole(CALLS)} with 64 in flight (8 connections); a new key each, 64-character values. The called server is alone on its core, both peers share the other with the load and the broker.`,
      'Session: every call sends the same token, and is answered with a new one. Confirmations: every call is answered when so many other servers say that they hold it, in memory.',
      'Checked: each insert was answered with version 1; a call that was not confirmed ends without one.',
    ],
  };
}
