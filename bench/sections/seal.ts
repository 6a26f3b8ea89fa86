import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { Member } from '../support/fleet.js';
import { streamLoad, unaryLoad } from '../support/load.js';
import { cpuSeconds, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { valueOf } from '../support/messages.js';
import { pause } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { fixed, median, percentile, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const CALLS = 40_000;
const ITEMS = 200_000;
const STREAMS = 4;
const LAG_SAMPLES = 300;
const LAG_INTERVAL_MS = 5;
const ROUNDS = 3;

/** One fleet of two servers, and what its messages cost. */
interface Subject {
  readonly name: string;
  readonly fleet: Fleet;
  readonly writer: Member;
  readonly peer: Member;
  readonly rounds: Round[];
}

interface Round {
  readonly unaryPerSecond: number;
  readonly unaryCpuMicros: number;
  readonly streamedPerSecond: number;
  readonly streamedCpuMicros: number;
  readonly peerCpuMicros: number;
  readonly lagsMs: readonly number[];
}

/** What a fleet key costs, and encryption on top of it, beside the same fleet without one. */
export async function seal(): Promise<Table[]> {
  const key = join(scratchFolder(), 'frota.chave');
  writeFileSync(key, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const subjects: Subject[] = [];
  try {
    subjects.push(await open('without a key', []));
    subjects.push(await open('with a key', ['--chave-frota', key]));
    subjects.push(await open('with a key and --cifra', ['--chave-frota', key, '--cifra']));
    // The first round is not counted: code that has never run is slow.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const subject of subjects) {
        const played = await play(subject, round);
        if (round > 0) subject.rounds.push(played);
      }
    }
    return [table(subjects)];
  } finally {
    for (const { fleet } of subjects) await fleet.close();
  }
}

async function open(name: string, options: readonly string[]): Promise<Subject> {
  const fleet = await Fleet.open(hasMosquitto() ? 'mosquitto' : 'embedded', true);
  // The observer of the bench has no key: the servers are compared by what they answer.
  const writer = await fleet.add(WRITER_CORE, options);
  const peer = await fleet.add(OTHERS_CORE, options);
  return { name, fleet, writer, peer, rounds: [] };
}

async function play({ writer, peer }: Subject, round: number): Promise<Round> {
  const first = round * CALLS;
  const beforeUnary = cpuSeconds(writer.pid);
  const unary = await unaryLoad(writer.port, 'insert', CALLS, first, first + CALLS);
  await arrived(writer, peer, `depois-${round}-a`);
  const between = cpuSeconds(writer.pid);
  const peerBefore = cpuSeconds(peer.pid);
  const streamed = await streamLoad(writer.port, STREAMS, ITEMS, `fila${round}`, OTHERS_CORE);
  await arrived(writer, peer, `depois-${round}-b`);
  const after = cpuSeconds(writer.pid);
  const peerAfter = cpuSeconds(peer.pid);
  return {
    unaryPerSecond: unary.items / unary.seconds,
    unaryCpuMicros: (1e6 * (between - beforeUnary)) / unary.items,
    streamedPerSecond: streamed.items / streamed.seconds,
    streamedCpuMicros: (1e6 * (after - between)) / streamed.items,
    peerCpuMicros: (1e6 * (peerAfter - peerBefore)) / streamed.items,
    lagsMs: await lags(writer, peer, `atraso-${round}`),
  };
}

/** Waits until the peer has everything up to now: it applies the writer's batches in their order. */
async function arrived(writer: Member, peer: Member, key: string): Promise<void> {
  if ((await writer.client.insert(key, 'marca')) !== 1) throw new Error('the insert was refused');
  while ((await peer.client.latest(key)) !== 1) await pause(2);
}

/** From the writer's answer to the peer's first answer that shows the value. */
async function lags(writer: Member, peer: Member, prefix: string): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < LAG_SAMPLES; i++) {
    if ((await writer.client.insert(`${prefix}-${i}`, valueOf(i))) !== 1)
      throw new Error('the insert was refused');
    const answeredMs = performance.now();
    while ((await peer.client.latest(`${prefix}-${i}`)) !== 1);
    found.push(performance.now() - answeredMs);
    await pause(LAG_INTERVAL_MS);
  }
  return found;
}

function table(subjects: readonly Subject[]): Table {
  return {
    title: 'What a fleet key costs',
    columns: [
      'Messages',
      'unary inserts/s',
      'CPU µs/insert',
      'streamed inserts/s',
      'CPU µs/insert ',
      'peer: CPU µs/insert',
      'lag p50 (ms)',
      'lag p99 (ms)',
    ],
    rows: subjects.map(({ name, rounds }) => {
      const middle = (value: (round: Round) => number): number => median(rounds.map(value));
      const lag = rounds.flatMap(({ lagsMs }) => lagsMs);
      return [
        name,
        whole(middle((r) => r.unaryPerSecond)),
        fixed(
          middle((r) => r.unaryCpuMicros),
          1,
        ),
        whole(middle((r) => r.streamedPerSecond)),
        fixed(
          middle((r) => r.streamedCpuMicros),
          1,
        ),
        fixed(
          middle((r) => r.peerCpuMicros),
          1,
        ),
        fixed(percentile(lag, 0.5), 2),
        fixed(percentile(lag, 0.99), 2),
      ];
    }),
    notes: [
      `Three fleets of two servers, each on ${hasMosquitto() ? 'a Mosquitto of its own' : 'the embedded broker of its writer'}; medians of ${ROUNDS} rounds in turn; new keys, 64-character values. Unary: 256 calls in flight; streamed: InsereVarias over ${STREAMS} streams. The writer is alone on its core.`,
      'Processor time of the writer, and of the peer while the streams run, until the peer answers with the last insert.',
      `Lag: ${LAG_SAMPLES} single inserts a round, one each ${LAG_INTERVAL_MS} ms and more, from the writer’s answer to the peer’s first answer that shows the value; it includes at least one query.`,
      'Checked: each insert was answered with version 1, and the peer has the last one.',
    ],
  };
}
