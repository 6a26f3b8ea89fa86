import type { RetentionBound } from '../../core/retention.js';
import { limits } from '../../core/limits.js';
import type { BeyondPage, BoundOf, WalkPlace } from '../../ports/retention.js';
import type { Time } from '../../ports/time.js';
import type { PartitionCaller } from './caller.js';
import { EVERY_KEY, placeOfKey, partitionOf, stretchOf } from './layout.js';
import { partitionLimits } from './limits.js';
import type { PartitionWalks } from './walks.js';

interface RetentionDeps {
  readonly cluster: PartitionCaller;
  readonly walks: PartitionWalks;
  readonly time: Time;
  readonly deadline: () => number;
}

/** Removes what is beyond a retention. Each server does it: what one has removed another does not find any more. */
export class PartitionRetention {
  constructor(private readonly deps: RetentionDeps) {}

  /** @param from `partition`, or `partition key`: the last key of the page before */
  async beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): Promise<BeyondPage> {
    const { partitions, retentionKeys, retentionPartitions } = partitionLimits;
    const [, number = '0', after] = /^([0-9]+)(?: ([^]*))?$/.exec(String(from ?? '0')) ?? [];
    const first = Number(number);
    const length = Math.min(retentionPartitions, partitions - first);
    const asked = Array.from({ length }, (_, i) => {
      const stretch = i > 0 || after === undefined ? EVERY_KEY : stretchOf({ after });
      return this.deps.walks.crowded(first + i, stretch, retentionKeys);
    });
    const pages = await Promise.all(asked);
    // Behind the first partition that has more, the walk goes on there.
    const broken = pages.findIndex(({ last }) => last !== undefined);
    const taken = broken < 0 ? pages : pages.slice(0, broken + 1);
    const nowMs = this.deps.time.wallMs();
    const keys = taken.flatMap((page) => {
      return page.keys.flatMap(({ key, versions, oldest }) => {
        const bound = boundOf(key);
        if (bound === undefined) return [];
        const isBeyond =
          versions > (bound.versions ?? Infinity) || oldest < nowMs - (bound.ageMs ?? Infinity);
        return isBeyond ? [key] : [];
      });
    });
    const last = taken.at(-1)?.last;
    const place = first + taken.length;
    if (last !== undefined) return { keys, next: `${place - 1} ${last}` };
    return { keys, next: place < partitions ? String(place) : undefined };
  }

  /** @returns how many versions it removed */
  async retain(key: string, bound: RetentionBound, most: number): Promise<number> {
    const { versions = limits.version, ageMs = limits.timestampMs } = bound;
    const args = ['retain', placeOfKey(key), String(versions), String(ageMs), String(most)];
    const options = { deadline: this.deps.deadline(), isRepeatable: true };
    const [, count] = (await this.deps.cluster.call('remove', partitionOf(key), args, options)) as [
      number,
      number,
    ];
    return count;
  }
}
