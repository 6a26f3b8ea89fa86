import { compare, type Rounds } from '../against/ratio.js';
import { again } from '../support/again.js';
import { cpuMicros } from '../support/machine.js';
import { fixed, median } from '../support/stats.js';
import type { Table } from '../support/table.js';
import { Watchers } from '../support/watchers.js';
import { Inserts, onEachEngine, onWriter } from '../support/writers.js';
import type { Writer } from '../support/writers.js';

const WATCHES = 1_000;
/**
 * The beginning and the end of so many streams is work too, and not that of inserts: what it leaves in young memory moves to
 * old memory during the first inserts after it. So the first two fifths of a slice do not count.
 */
const WARM_SHARE = 2 / 5;
/** Within a round, with and without watches. */
const ORDER = [false, true, true, false] as const;

/** What 1,000 watches of other keys cost the inserts of a server, beside none, on each engine. */
export async function watch(rounds: number): Promise<Table[]> {
  const rows: string[][] = [];
  await onEachEngine(async (engine, open) => {
    rows.push(...(await onWriter(open, (writer) => rowsOf(engine, new Slices(writer), rounds))));
  });
  return [table(rows, rounds)];
}

async function rowsOf(engine: string, slices: Slices, rounds: number): Promise<string[][]> {
  const without: number[][] = [];
  const beside: number[][] = [];
  // The first round is not counted: code that has never run is slow.
  for (let round = 0; round <= rounds; round++) {
    const played: Record<'true' | 'false', number[]> = { true: [], false: [] };
    for (const watched of ORDER) {
      played[`${watched}`].push(await slices.again(watched));
    }
    if (round === 0) continue;
    without.push(played.false);
    beside.push(played.true);
  }
  const { ratio, low, high } = compare(beside, without);
  const middle = (of: Rounds): string => fixed(median(of.flat()), 1);
  return [
    [engine, 'none', middle(without), '', ''],
    ['', `${WATCHES} of other keys`, middle(beside), fixed(ratio, 3), `${fixed(low, 3)} … ${fixed(high, 3)}`],
  ];
}

class Slices {
  private readonly inserts: Inserts;

  constructor(private readonly writer: Writer) {
    this.inserts = new Inserts(writer);
  }

  /** A slice that passed, see {@link again}. */
  again(watched: boolean): Promise<number> {
    return again(this.writer.said, () => this.play(watched));
  }

  /** @returns µs of the writer's processor time for each insert, until all that follows is done */
  private async play(watched: boolean): Promise<number> {
    const { port, pid, calls } = this.writer;
    const watchers = watched ? await Watchers.open(port, INTERESTS) : undefined;
    const warm = Math.round(calls * WARM_SHARE);
    try {
      await this.inserts.play(warm);
      const before = cpuMicros(pid);
      await this.inserts.play(calls - warm);
      const micros = cpuMicros(pid) - before;
      if (watchers && watchers.events > 0) throw new Error('a watch was told of a key of others');
      return micros / (calls - warm);
    } finally {
      watchers?.close();
    }
  }
}

/** Half of them are of a key, the others of prefixes of different lengths. */
const INTERESTS = Array.from({ length: WATCHES }, (_, i) =>
  i % 2 === 0 ? { chave: `outra-${i}` } : { prefixo: `outra-${i}`.slice(0, 7 + (i % 3)) },
);

function table(rows: string[][], rounds: number): Table {
  return {
    title: 'What watches of other keys cost',
    columns: ['Engine', 'Watches', 'CPU µs/insert', 'with ÷ without', '95 % interval'],
    rows,
    notes: [
      `${rounds} rounds of slices of unary inserts of new keys, with watches and without in turn (ABBA); the first two fifths of each slice are not counted, and of each round the cheaper half counts.`,
      'Half of the watches are of one key, the others of prefixes of three lengths. Processor time of the writer. The fleet has two servers, and a slice ends when the peer has the last insert; the leader has no followers; the consensus has three members on the other core.',
      'Checked: no watch was told anything.',
    ],
  };
}
