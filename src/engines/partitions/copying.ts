import { KvsError } from '../../core/errors.js';
import type { Row, Stream } from '../../ports/engine.js';
import type { Time } from '../../ports/time.js';
import type { PartitionCaller } from './cluster.js';
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
  const { partitions, copyRows, walkBytes, holdRenewMs } = partitionLimits;
  const instant = await holdAll(cluster, deadline);
  let heldMs = time.monotonicMs();
  for (let partition = 0; partition < partitions; partition++) {
    for (let cursor: Buffer | undefined = Buffer.alloc(0); cursor !== undefined;) {
      if (time.monotonicMs() - heldMs >= holdRenewMs) {
        heldMs = time.monotonicMs();
        await holdAll(cluster, deadline, partition);
      }
      const args = [String(instant), cursor, String(copyRows), String(walkBytes)];
      const page = await pageOf(cluster, partition, args, deadline());
      const [next, ...found] = page;
      for (let at = 0; at < found.length; at += 2) {
        yield rowOfRecord(keyOfPlace(found[at] as Buffer), found[at + 1] as Buffer);
      }
      // A page without a row may have been all walked over.
      if (found.length === 0) yield undefined;
      cursor = next instanceof Buffer ? next : undefined;
    }
  }
}

/** Makes the partitions from one on keep what is removed. @returns an instant after that, by the masters' clocks */
async function holdAll(cluster: PartitionCaller, deadline: () => number, from = 0): Promise<number> {
  const { partitions, askedAtOnce, holdMs } = partitionLimits;
  let latest = 0;
  for (let begin = from; begin < partitions; begin += askedAtOnce) {
    const length = Math.min(askedAtOnce, partitions - begin);
    const asked = Array.from({ length }, (_, i) => {
      const options = { deadline: deadline(), isRepeatable: true };
      return cluster.call('hold', begin + i, [String(holdMs)], options);
    });
    latest = Math.max(latest, ...((await Promise.all(asked)) as number[]));
  }
  return latest;
}

async function pageOf(
  cluster: PartitionCaller,
  partition: number,
  args: readonly (string | Buffer)[],
  deadline: number,
): Promise<readonly unknown[]> {
  try {
    return (await cluster.call('copy', partition, args, { deadline })) as readonly unknown[];
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
