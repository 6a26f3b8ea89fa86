import { KvsError } from '../../core/errors.js';
import type { Row, Stream } from '../../ports/engine.js';
import type { Time } from '../../ports/time.js';
import { askAhead } from './ask-ahead.js';
import type { PartitionCaller } from './caller.js';
import { keyOfPlace } from './layout.js';
import { partitionLimits } from './limits.js';
import { rowOfRecord } from './records.js';

/**
 * Every version of every key at one instant of the masters' clocks. All partitions first keep what is removed from then on;
 * the instant is later than all of that, so nothing that was there then is missed, and what is younger is left out. A
 * partition that has had to keep too much, or whose master was replaced, does not hold any more: the copy must begin again.
 */
export async function* copyOfEverything(
  cluster: PartitionCaller,
  time: Time,
  deadline: () => number,
): Stream<Row> {
  const { partitions, beginningsAtOnce, copyRows, copyRowsFirst, walkBytes, mergeBytes } = partitionLimits;
  const instant = await holdAll(cluster, deadline);
  let heldMs = time.monotonicMs();
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const begin = [String(instant), '', String(copyRowsFirst), String(mergeBytes)];
  const firstPages = askAhead(all, beginningsAtOnce, (partition) =>
    pageOf(cluster, partition, begin, deadline()),
  );
  let partition = 0;
  for await (const first of firstPages) {
    for (let page = first; ;) {
      if (time.monotonicMs() - heldMs >= partitionLimits.holdRenewMs) {
        heldMs = time.monotonicMs();
        await holdAll(cluster, deadline, partition);
      }
      const [next, ...found]: Page = page;
      for (let at = 0; at < found.length; at += 2) {
        yield rowOfRecord(keyOfPlace(found[at] as Buffer), found[at + 1] as Buffer);
      }
      // A page without a row may have been all walked over.
      if (found.length === 0) yield undefined;
      if (!(next instanceof Buffer)) break;
      const args = [String(instant), next, String(copyRows), String(walkBytes)];
      page = await pageOf(cluster, partition, args, deadline());
    }
    partition++;
  }
}

/** Where it goes on, and what was found. */
type Page = readonly unknown[];

/** Makes the partitions from one on keep what is removed. @returns an instant after that, by the masters' clocks */
async function holdAll(cluster: PartitionCaller, deadline: () => number, from = 0): Promise<number> {
  const { partitions, holdMs } = partitionLimits;
  const args = [String(holdMs)];
  const asked = Array.from({ length: partitions - from }, (_, at) => {
    const options = { deadline: deadline(), isRepeatable: true };
    return cluster.call('hold', from + at, args, options);
  });
  return Math.max(0, ...((await Promise.all(asked)) as number[]));
}

async function pageOf(
  cluster: PartitionCaller,
  partition: number,
  args: readonly (string | Buffer)[],
  deadline: number,
): Promise<Page> {
  try {
    return (await cluster.call('copy', partition, args, { deadline })) as Page;
  } catch (error) {
    if (error instanceof KvsError && error.message.includes(NOTHING_HELD)) {
      throw new KvsError(
        'LEITURA_VENCIDA',
        'uma partição não guarda mais o que foi removido desde o começo desta cópia; comece de novo',
      );
    }
    throw error;
  }
}

/** What functions.lua answers then. */
const NOTHING_HELD = 'KVS nothing is held';
