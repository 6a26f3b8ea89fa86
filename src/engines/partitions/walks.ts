import { compareCodePoints } from '../../core/text-order.js';
import type { Row, Stream } from '../../ports/engine.js';
import type { Counted, KeyRange } from '../../ports/lines.js';
import { askAhead } from './ask-ahead.js';
import type { PartitionCaller } from './caller.js';
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

/** A question to a partition. Many are asked the same: it is made, and sent, once for them. */
interface Asked {
  readonly stretch: Stretch;
  readonly args: readonly (string | Buffer)[];
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
   * The keys of a range in order: a page of each partition is in memory, and a further one is asked for once one is being
   * read. Pages begin small, for a reader may want the first keys only.
   */
  async *inOrder(range: KeyRange, choice: RowChoice): Stream<Walked> {
    const { partitions, mergeKeys, mergeKeysMax, mergeBytes } = partitionLimits;
    const stretch = stretchOf(range);
    const lanes: Lane[] = [];
    const first = { keys: mergeKeys, bytes: mergeBytes };
    const question = askedOf(stretch, 'rows', first, choice);
    const asked = Array.from({ length: partitions }, async (_, partition) => {
      const page = await this.page(partition, question);
      return { partition, at: 0, next: undefined, keys: mergeKeys, page };
    });
    for (const lane of await Promise.all(asked))
      if (lane.page.found.length > 0 || lane.page.rest) lanes.push(lane);
    const heap = new LaneHeap();
    const askNext = (lane: Lane): void => {
      if (lane.next !== undefined || lane.page.rest === undefined) return;
      lane.keys = Math.min(2 * lane.keys, mergeKeysMax);
      const size = { keys: lane.keys, bytes: mergeBytes };
      lane.next = this.page(lane.partition, askedOf(lane.page.rest, 'rows', size, choice));
      // Whoever needs it is told; until then a failure waits.
      lane.next.catch(() => undefined);
    };
    const refill = async (lane: Lane): Promise<boolean> => {
      while (lane.at >= lane.page.found.length) {
        askNext(lane);
        if (lane.next === undefined) return false;
        lane.page = await lane.next;
        lane.next = undefined;
        lane.at = 0;
      }
      return true;
    };
    for (const lane of lanes) if (await refill(lane)) heap.push(lane);
    for (let lane = heap.pop(); lane !== undefined; lane = heap.pop()) {
      yield lane.page.found[lane.at++];
      // Somebody reads on: the next pages of many partitions are asked for together.
      askNext(lane);
      if (lane.at < lane.page.found.length || (await refill(lane))) heap.push(lane);
    }
  }

  /** Every key: first the first ones of each partition, for most may have no more. */
  async *inAnyOrder(choice: RowChoice): Stream<Walked> {
    const { mergeKeys, mergeBytes, walkKeys, walkBytes } = partitionLimits;
    const rests: Rest[] = [];
    const first = askedOf(EVERY_KEY, 'rows', { keys: mergeKeys, bytes: mergeBytes }, choice);
    for await (const page of this.beginnings((partition) => this.page(partition, first))) {
      yield* page[1].found;
      noteRest(rests, page);
    }
    const pageFrom = (partition: number, from: Stretch): Promise<WalkPage> =>
      this.page(partition, askedOf(from, 'rows', { keys: walkKeys, bytes: walkBytes }, choice));
    const others = askAhead(rests, partitionLimits.walkedAtOnce, async ({ partition, rest }) => {
      return [partition, await pageFrom(partition, rest)] as const;
    });
    for await (const [partition, page] of others) {
      yield* page.found;
      for (let { rest } = page; rest !== undefined;) {
        const next = await pageFrom(partition, rest);
        yield* next.found;
        rest = next.rest;
      }
    }
  }

  async *counts(range: KeyRange): Stream<Counted> {
    const { mergeKeys, mergeKeysMax, mergeBytes, walkBytes } = partitionLimits;
    const stretch = stretchOf(range);
    const rests: Rest[] = [];
    const first = askedOf(stretch, 'count', { keys: mergeKeys, bytes: mergeBytes });
    for await (const page of this.beginnings((partition) => this.counted(partition, first))) {
      const { keys, versions } = page[1];
      yield { keys, versions };
      noteRest(rests, page);
    }
    const size = { keys: mergeKeysMax, bytes: walkBytes };
    yield* askAhead(rests, partitionLimits.walkedAtOnce, async ({ partition, rest }) => {
      let [keys, versions] = [0, 0];
      for (let from: Stretch | undefined = rest; from !== undefined;) {
        const page: CountedPage = await this.counted(partition, askedOf(from, 'count', size));
        keys += page.keys;
        versions += page.versions;
        from = page.rest;
      }
      return { keys, versions };
    });
  }

  /** How many keys have versions, and how many versions there are. */
  async amounts(deadline: number): Promise<Counted> {
    let [keys, versions] = [0, 0];
    for await (const [, [more, rows]] of this.beginnings(async (partition) => {
      return (await this.cluster.call('amounts', partition, NO_ARGS, { deadline })) as readonly [
        number,
        number,
      ];
    })) {
      keys += more;
      versions += rows;
    }
    return { keys, versions };
  }

  /** Keys of one partition that have several versions. */
  async crowded(partition: number, from: Stretch, most: number): Promise<CrowdedPage> {
    const size = { keys: most, bytes: partitionLimits.walkBytes };
    const [last, ...found] = await this.walk(partition, askedOf(from, 'many', size));
    const keys = [];
    for (let at = 0; at < found.length; at += 3) {
      const [encoded, versions, oldest] = found.slice(at, at + 3) as [Buffer, number, number];
      keys.push({ key: keyOfPlace(encoded), versions, oldest });
    }
    return { keys, last: last instanceof Buffer ? keyOfPlace(last) : undefined };
  }

  private async counted(partition: number, asked: Asked): Promise<CountedPage> {
    const [last, keys, versions] = await this.walk(partition, asked);
    return { keys: keys as number, versions: versions as number, rest: restOf(asked.stretch, last) };
  }

  private async page(partition: number, asked: Asked): Promise<WalkPage> {
    const [last, ...rows] = await this.walk(partition, asked);
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
    return { found, rest: restOf(asked.stretch, last) };
  }

  private async walk(partition: number, { args }: Asked): Promise<readonly unknown[]> {
    const reply = await this.cluster.call('walk', partition, args, { deadline: this.deadline() });
    return reply as readonly unknown[];
  }

  /** Asks all partitions for what fits one small page. */
  private beginnings<T>(
    ask: (partition: number) => Promise<T>,
  ): AsyncGenerator<readonly [partition: number, answer: T]> {
    const { partitions, beginningsAtOnce } = partitionLimits;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    return askAhead(all, beginningsAtOnce, async (partition) => [partition, await ask(partition)] as const);
  }
}

/** A partition of which there is more. */
interface Rest {
  readonly partition: number;
  readonly rest: Stretch;
}

interface CountedPage extends Counted {
  readonly rest: Stretch | undefined;
}

function noteRest(
  rests: Rest[],
  [partition, { rest }]: readonly [partition: number, page: { readonly rest: Stretch | undefined }],
): void {
  if (rest !== undefined) rests.push({ partition, rest });
}

const NO_ARGS: readonly string[] = [];
const INCLUDED = Buffer.from('[');
const EXCLUDED = Buffer.from('(');

function askedOf(
  stretch: Stretch,
  what: 'rows' | 'count' | 'many',
  { keys, bytes }: PageSize,
  { how, number }: RowChoice = { how: 'newest', number: 0 },
): Asked {
  const { from, to } = stretch;
  const args = [
    ...[Buffer.concat([INCLUDED, from]), to === undefined ? '+' : Buffer.concat([EXCLUDED, to])],
    ...[String(keys), String(bytes), what, how, String(number)],
  ];
  return { stretch, args };
}

function restOf({ to }: Stretch, last: unknown): Stretch | undefined {
  return last instanceof Buffer ? { from: behind(last), to } : undefined;
}

interface Lane {
  readonly partition: number;
  page: WalkPage;
  /** The page behind it, once it has been asked for. */
  next: Promise<WalkPage> | undefined;
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
