import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Fleet } from '../support/fleet.js';
import type { Member } from '../support/fleet.js';
import { streamLoad, unaryLoad } from '../support/load.js';
import { cpuSeconds, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { scratchFolder } from '../support/scratch.js';
import { fixed, median, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const CALLS = 40_000;
const ALONE_CALLS = 2_000;
const ITEMS = 200_000;
const STREAMS = 4;
const ROUNDS = 3;

/** One server's figures in one round. */
interface Round {
  readonly unaryPerSecond: number;
  readonly unaryP50Ms: number;
  readonly unaryP99Ms: number;
  readonly unaryCpuMicros: number;
  readonly aloneP50Ms: number;
  readonly streamedPerSecond: number;
  readonly streamedCpuMicros: number;
}

/** What a journal costs each insert and each batch, beside the same server without one. */
export async function durability(): Promise<Table[]> {
  const memory = await Fleet.open('embedded', true);
  const disk = await Fleet.open('embedded', true);
  try {
    const plain = await memory.add(WRITER_CORE);
    const folder = mkdtempSync(join(scratchFolder(), 'dados-'));
    const durable = await disk.add(WRITER_CORE, ['--dados', folder]);
    const rounds = { plain: [] as Round[], durable: [] as Round[] };
    // The first round is not counted: code that has never run is slow.
    for (let round = 0; round <= ROUNDS; round++) {
      const one = await play(plain, round);
      const other = await play(durable, round);
      if (round === 0) continue;
      rounds.plain.push(one);
      rounds.durable.push(other);
    }
    const row = (name: string, of: readonly Round[]): string[] => {
      const middle = (value: (round: Round) => number): number => median(of.map(value));
      return [
        name,
        fixed(
          middle((r) => r.aloneP50Ms),
          2,
        ),
        whole(middle((r) => r.unaryPerSecond)),
        fixed(
          middle((r) => r.unaryP50Ms),
          1,
        ),
        fixed(
          middle((r) => r.unaryP99Ms),
          1,
        ),
        fixed(
          middle((r) => r.unaryCpuMicros),
          1,
        ),
        whole(middle((r) => r.streamedPerSecond)),
        fixed(
          middle((r) => r.streamedCpuMicros),
          1,
        ),
      ];
    };
    return [
      {
        title: 'What durability costs',
        columns: [
          'Server',
          'one at a time: p50 (ms)',
          'unary inserts/s',
          'p50 (ms)',
          'p99 (ms)',
          'CPU µs/insert',
          'streamed inserts/s',
          'CPU µs/insert ',
        ],
        rows: [row('memory only', rounds.plain), row('with --dados', rounds.durable)],
        notes: [
          `One server each, medians of ${ROUNDS} rounds in turn; new keys, 64-character values. Unary: 256 calls in flight; streamed: InsereVarias over ${STREAMS} streams.`,
          'Every answer of the server with --dados came after an fsync of what it answers; what is in flight meanwhile shares the next one.',
          'Checked: each insert was answered with version 1. Processor time of the server, the threads of LevelDB included.',
        ],
      },
    ];
  } finally {
    await memory.close();
    await disk.close();
  }
}

async function play({ port, pid, client }: Member, round: number): Promise<Round> {
  const first = round * CALLS;
  const before = cpuSeconds(pid);
  const unary = await unaryLoad(port, 'insert', CALLS, first, first + CALLS);
  const between = cpuSeconds(pid);
  const alone: number[] = [];
  for (let i = 0; i < ALONE_CALLS; i++) {
    const startMs = performance.now();
    const version = await client.insert(`sozinha-${round}-${i}`, 'x'.repeat(64));
    if (version !== 1) throw new Error(`version ${version} of a new key`);
    alone.push(performance.now() - startMs);
  }
  const beforeStream = cpuSeconds(pid);
  const streamed = await streamLoad(port, STREAMS, ITEMS, `fila${round}`, OTHERS_CORE);
  return {
    unaryPerSecond: unary.items / unary.seconds,
    unaryP50Ms: unary.p50Ms,
    unaryP99Ms: unary.p99Ms,
    unaryCpuMicros: (1e6 * (between - before)) / unary.items,
    aloneP50Ms: median(alone),
    streamedPerSecond: streamed.items / streamed.seconds,
    streamedCpuMicros: (1e6 * (cpuSeconds(pid) - beforeStream)) / streamed.items,
  };
}
