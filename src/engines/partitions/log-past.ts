import type { PartitionCaller } from './caller.js';
import { byTime, LogEntry } from './log-entry.js';
import { LogPositions, toldOf } from './log-place.js';
import type { LogsPlace } from './log-place.js';
import { partitionLimits } from './limits.js';

/** Where a log is read on. */
interface PastLane {
  readonly partition: number;
  entries: readonly LogEntry[];
  at: number;
  hasMore: boolean;
}

interface PastDeps {
  readonly cluster: PartitionCaller;
  readonly deadline: () => number;
}

/** An entry of the past, with the places before it and after it. */
interface PastEntry {
  readonly entry: LogEntry;
  readonly before: () => LogsPlace;
  readonly after: () => LogsPlace;
}

/** What to read of the past. */
export interface PastStretch {
  readonly partitions: readonly number[];
  readonly from: LogsPlace;
  /** Where each partition is read from, where that is not what the place says. */
  readonly startAt?: LogPositions;
  readonly upTo: LogPositions;
}

/**
 * The entries of some logs between two places, in the order of time, in pages; a page may be empty.
 * @throws LogForgotten if a log does not have all of them any more, or is not the one that the first place is in
 */
export async function* pastEntries(
  { cluster, deadline }: PastDeps,
  { partitions, from, startAt, upTo }: PastStretch,
): AsyncGenerator<readonly PastEntry[], void> {
  const bounds = new Map<number, number>();
  const positions = new LogPositions();
  const lanes: PastLane[] = [];
  const page = async (partition: number, bound: number): Promise<readonly [last: number, lane: PastLane]> => {
    const { pastEntries: most, pastBytes } = partitionLimits;
    const args = [String(bound), String(most), String(pastBytes)];
    const reply = await cluster.call('past', partition, args, { deadline: deadline() });
    const [last, more, ...rest] = reply as readonly [Buffer | null, number, ...Buffer[]];
    if (last === null) throw new LogForgotten();
    const entries: LogEntry[] = [];
    for (let at = 0; at + 2 < rest.length; at += 3) {
      const [us, what, text] = rest.slice(at, at + 3) as [Buffer, Buffer, Buffer];
      entries.push(new LogEntry(partition, Number(us), String(what), text));
    }
    return [Number(last), { partition, entries, at: 0, hasMore: more === 1 }];
  };
  const begin = async (partition: number): Promise<void> => {
    const bound = startAt === undefined ? toldOf(from, partition) : (startAt.at[partition] as number);
    bounds.set(partition, bound);
    const last = upTo.at[partition] as number;
    if (last <= bound) {
      positions.move(partition, last);
      return;
    }
    const [known, lane] = await page(partition, bound);
    positions.move(partition, known);
    lanes.push(lane);
  };
  const { askedAtOnce } = partitionLimits;
  for (let at = 0; at < partitions.length; at += askedAtOnce) {
    await Promise.all(partitions.slice(at, at + askedAtOnce).map(begin));
  }
  if (positions.place.digest !== from.digest) throw new LogForgotten();
  const nextOf = async (lane: PastLane): Promise<LogEntry | undefined> => {
    if (lane.at >= lane.entries.length && lane.hasMore) {
      const { us } = lane.entries.at(-1) as LogEntry;
      const [known, next] = await page(lane.partition, us);
      if (known !== us) throw new LogForgotten();
      Object.assign(lane, next);
    }
    const entry = lane.entries[lane.at];
    return entry !== undefined && entry.us <= (upTo.at[lane.partition] as number) ? entry : undefined;
  };
  for (let found: PastEntry[] = [], open = lanes; ;) {
    const heads: { readonly lane: PastLane; readonly entry: LogEntry }[] = [];
    for (const lane of open) {
      const entry = await nextOf(lane);
      if (entry !== undefined) heads.push({ lane, entry });
    }
    if (heads.length === 0) {
      yield found;
      return;
    }
    open = heads.map(({ lane }) => lane);
    // Up to where every log has been read its entries can be put in order.
    const ends = heads.map(({ lane }) => (lane.hasMore ? (lane.entries.at(-1) as LogEntry).us : Infinity));
    const end = Math.min(...ends);
    const some: LogEntry[] = [];
    for (const { lane } of heads) {
      for (let entry = lane.entries[lane.at]; entry !== undefined; entry = lane.entries[lane.at]) {
        if (entry.us > end || entry.us > (upTo.at[lane.partition] as number)) break;
        some.push(entry);
        lane.at++;
      }
    }
    for (const entry of some.sort(byTime)) {
      found.push(passed(positions, entry));
      if (found.length < partitionLimits.pastEntries) continue;
      yield found;
      found = [];
    }
  }
}

/** A log does not tell what comes next any more. */
export class LogForgotten extends Error {}

function passed(positions: LogPositions, entry: LogEntry): PastEntry {
  const before = positions.place;
  positions.move(entry.partition, entry.us);
  const after = positions.place;
  return { entry, before: () => before, after: () => after };
}
