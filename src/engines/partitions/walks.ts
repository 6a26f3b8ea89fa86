import { compareCodePoints } from '../../core/text-order.js';
import type { Row, Stream } from '../../ports/engine.js';
import type { Counted, KeyRange } from '../../ports/lines.js';
import type { PartitionCaller } from './cluster.js';
import { behind, keyOfPlace, EVERY_KEY, stretchOf } from './layout.js';
import type { Stretch } from './layout.js';
import { partitionLimits } from './limits.js';
import { maybeRow } from './records.js';
import type { RowChoice } from './reads.js';

/** A key with the row that was chosen of it. It has a newest version, or such a row. */
interface Walked {
  readonly key: string;
  readonly row: Row | undefined;
  readonly isNewest: boolean;
  readonly hasNewest: boolean;
}

const NEWEST_BIT = 1;
const HAS_NEWEST_BIT = 2;

interface WalkPage {
  readonly found: readonly Walked[];
  /** Where the walk goes on; `undefined` at its end. */
  readonly rest: Stretch | undefined;
}

/** Keys that have several versions. */
interface CrowdedPage {
  /** How many versions each has, and when the oldest was written. */
  readonly keys: readonly { readonly key: string; readonly versions: number; readonly oldest: number }[];
  /** The last key walked over; `undefined` at the end of the partition. */
  readonly last: string | undefined;
}

/** How much one page may have. */
interface PageSize {
  readonly keys: number;
  readonly bytes: number;
}

/** Walks over the keys of all partitions. */
export class PartitionWalks {
  constructor(
    private readonly cluster: PartitionCaller,
    private readonly deadline: () => number,
  ) {}

  /**
   * The keys of a range in order: a page of each partition is in memory, and a further one is asked for where one has been
   * read. Pages begin small, for a reader may want the first keys only.
   */
  async *inOrder(range: KeyRange, choice: RowChoice): Stream<Walked> {
    const { partitions, askedAtOnce, mergeKeys, mergeKeysMax, mergeBytes } = partitionLimits;
    const stretch = stretchOf(range);
    const lanes: Lane[] = [];
    const first = { keys: mergeKeys, bytes: mergeBytes };
    for (let begin = 0; begin < partitions; begin += askedAtOnce) {
      const asked = Array.from({ length: askedAtOnce }, async (_, i) => {
        const partition = begin + i;
        return {
          partition,
          at: 0,
          keys: mergeKeys,
          page: await this.page(partition, stretch, choice, first),
        };
      });
      for (const lane of await Promise.all(asked))
        if (lane.page.found.length > 0 || lane.page.rest) lanes.push(lane);
    }
    const heap = new LaneHeap();
    const refill = async (lane: Lane): Promise<boolean> => {
      while (lane.at >= lane.page.found.length) {
        if (lane.page.rest === undefined) return false;
        lane.keys = Math.min(2 * lane.keys, mergeKeysMax);
        lane.page = await this.page(lane.partition, lane.page.rest, choice, {
          keys: lane.keys,
          bytes: mergeBytes,
        });
        lane.at = 0;
      }
      return true;
    };
    for (const lane of lanes) if (await refill(lane)) heap.push(lane);
    for (let lane = heap.pop(); lane !== undefined; lane = heap.pop()) {
      yield lane.page.found[lane.at++];
      if (await refill(lane)) heap.push(lane);
    }
  }

  /** Every key, partition after partition. */
  async *inAnyOrder(choice: RowChoice): Stream<Walked> {
    const { walkKeys, walkBytes } = partitionLimits;
    for await (const page of this.eachPartition(async (partition) => {
      return this.page(partition, EVERY_KEY, choice, { keys: walkKeys, bytes: walkBytes });
    })) {
      const [partition, first] = page;
      yield* first.found;
      for (let { rest } = first; rest !== undefined;) {
        const next = await this.page(partition, rest, choice, { keys: walkKeys, bytes: walkBytes });
        yield* next.found;
        rest = next.rest;
      }
    }
  }

  async *counts(range: KeyRange): Stream<Counted> {
    const stretch = stretchOf(range);
    for await (const [, counted] of this.eachPartition((partition) => this.countOf(partition, stretch)))
      yield counted;
  }

  /** How many keys have versions, and how many versions there are. */
  async amounts(deadline: number): Promise<Counted> {
    let [keys, versions] = [0, 0];
    for await (const [, [more, rows]] of this.eachPartition(async (partition) => {
      return (await this.cluster.call('amounts', partition, [], { deadline })) as readonly [number, number];
    })) {
      keys += more;
      versions += rows;
    }
    return { keys, versions };
  }

  /** Keys of one partition that have several versions. */
  async crowded(partition: number, from: Stretch, most: number): Promise<CrowdedPage> {
    const [last, ...found] = await this.walk(partition, from, 'many', {
      keys: most,
      bytes: partitionLimits.walkBytes,
    });
    const keys = [];
    for (let at = 0; at < found.length; at += 3) {
      const [encoded, versions, oldest] = found.slice(at, at + 3) as [Buffer, number, number];
      keys.push({ key: keyOfPlace(encoded), versions, oldest });
    }
    return { keys, last: last instanceof Buffer ? keyOfPlace(last) : undefined };
  }

  private async countOf(partition: number, from: Stretch): Promise<Counted> {
    let [keys, versions] = [0, 0];
    const { mergeKeysMax, walkBytes } = partitionLimits;
    for (let rest: Stretch | undefined = from; rest !== undefined;) {
      const size = { keys: mergeKeysMax, bytes: walkBytes };
      const [last, more, rows] = await this.walk(partition, rest, 'count', size);
      keys += more as number;
      versions += rows as number;
      rest = restOf(rest, last);
    }
    return { keys, versions };
  }

  private async page(
    partition: number,
    stretch: Stretch,
    choice: RowChoice,
    size: PageSize,
  ): Promise<WalkPage> {
    const [last, ...rows] = await this.walk(partition, stretch, 'rows', size, choice);
    const found: Walked[] = [];
    for (let at = 0; at < rows.length; at += 3) {
      const key = keyOfPlace(rows[at] as Buffer);
      const bits = rows[at + 2] as number;
      found.push({
        ...{ key, row: maybeRow(key, rows[at + 1]) },
        isNewest: (bits & NEWEST_BIT) !== 0,
        hasNewest: (bits & HAS_NEWEST_BIT) !== 0,
      });
    }
    return { found, rest: restOf(stretch, last) };
  }

  private async walk(
    partition: number,
    { from, to }: Stretch,
    what: 'rows' | 'count' | 'many',
    { keys, bytes }: PageSize,
    choice: RowChoice = { how: 'newest', number: 0 },
  ): Promise<readonly unknown[]> {
    const args = [
      ...[Buffer.concat([INCLUDED, from]), to === undefined ? '+' : Buffer.concat([EXCLUDED, to])],
      ...[String(keys), String(bytes), what, choice.how, String(choice.number)],
    ];
    const reply = await this.cluster.call('walk', partition, args, { deadline: this.deadline() });
    return reply as readonly unknown[];
  }

  /** Asks several partitions at once, and gives their answers in their order, no faster than they are taken. */
  private async *eachPartition<T>(
    ask: (partition: number) => Promise<T>,
  ): AsyncGenerator<readonly [partition: number, answer: T]> {
    const { partitions, walkedAtOnce } = partitionLimits;
    const asked: Promise<readonly [number, T]>[] = [];
    const begin = (partition: number): void => {
      const answer = ask(partition).then((one) => [partition, one] as const);
      // Whoever reads them in turn is told; until then a failure waits.
      answer.catch(() => undefined);
      asked.push(answer);
    };
    for (let next = 0; next < partitions || asked.length > 0;) {
      while (next < partitions && asked.length < walkedAtOnce) begin(next++);
      yield await (asked.shift() as Promise<readonly [number, T]>);
    }
  }
}

const INCLUDED = Buffer.from('[');
const EXCLUDED = Buffer.from('(');

function restOf({ to }: Stretch, last: unknown): Stretch | undefined {
  return last instanceof Buffer ? { from: behind(last), to } : undefined;
}

interface Lane {
  readonly partition: number;
  page: WalkPage;
  /** The next key of the page. */
  at: number;
  /** Keys asked for at once. */
  keys: number;
}

/** Partitions by the next key of each. */
class LaneHeap {
  private readonly lanes: Lane[] = [];

  push(lane: Lane): void {
    const { lanes } = this;
    let at = lanes.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(lane, lanes[above] as Lane)) break;
      lanes[at] = lanes[above] as Lane;
      at = above;
    }
    lanes[at] = lane;
  }

  /** The one whose key comes first. */
  pop(): Lane | undefined {
    const { lanes } = this;
    const [first] = lanes;
    const last = lanes.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= lanes.length) break;
      if (below + 1 < lanes.length && isBefore(lanes[below + 1] as Lane, lanes[below] as Lane)) below++;
      if (!isBefore(lanes[below] as Lane, last)) break;
      lanes[at] = lanes[below] as Lane;
      at = below;
    }
    lanes[at] = last;
    return first;
  }
}

function isBefore(one: Lane, other: Lane): boolean {
  return compareCodePoints(keyOf(one), keyOf(other)) < 0;
}

function keyOf({ page, at }: Lane): string {
  return (page.found[at] as Walked).key;
}
