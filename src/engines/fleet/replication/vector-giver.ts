import { ORIGIN_BUCKETS } from '../../../core/origins.js';
import type { Store } from '../../../core/store.js';
import { BucketDigests, type DigestKey, type DigestKeys } from '../../../core/vector-digests.js';
import type { Origin } from '../../../core/dot.js';
import type { VectorDigest, VectorPageRequest, VectorQuestion, VectorReply } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import { vectorEntryBytes } from '../../../core/json-size.js';
import type { FleetTuning } from './tuning.js';

interface VectorGiverDeps {
  readonly store: Store;
  readonly digestKeys: DigestKeys;
  readonly time: Time;
  readonly tuning: FleetTuning;
}

/** What of this server's vector an asker lacks or has otherwise. */
type Difference = Pick<VectorReply, 'buckets' | 'entries' | 'cursor'>;

/** Tells peers where this server's vector differs from theirs. Keeps nothing between requests. */
export class VectorGiver {
  private foreignMs = -Infinity;

  constructor(private readonly deps: VectorGiverDeps) {}

  /**
   * The first page of what differs.
   * @param mostBytes of the entries of the page, the explicit ones apart
   * @returns `undefined` if the digests are too much work just now
   */
  compare(question: VectorQuestion, mostBytes: number): Difference | undefined {
    const key = this.keyOf(question.epoch);
    if (key === undefined) return undefined;
    const { vector } = this.deps.store;
    const { origins } = vector;
    const explicit = new Set<number>();
    for (const origin of question.explicit) {
      const index = origins.knownIndexOf(origin);
      if (index !== undefined && vector.seqAt(index) > 0) explicit.add(index);
    }
    const theirs = BucketDigests.parse(question.digests);
    const mine = vector.digestsWithout(key, explicit);
    const differing = new Set(mine.differing(theirs));
    const told = [...explicit];
    // The asker may lack nothing of a bucket but what advanced last: then that is told instead of the whole bucket.
    for (const index of vector.recentIndices(this.deps.tuning.vectorRecents)) {
      const bucket = origins.bucketAt(index);
      if (!differing.has(bucket) || explicit.has(index)) continue;
      told.push(index);
      vector.removeFrom(mine, key, index);
      if (mine.isEqual(bucket, theirs)) differing.delete(bucket);
    }
    const page = this.page({ buckets: [...differing], cursor: 0 }, mostBytes, new Set(told));
    return { ...page, entries: [...told.map((index) => vector.entryAt(index)), ...page.entries] };
  }

  /** The next page of the buckets that differed; what advanced meanwhile may be in it or not. */
  page(request: VectorPageRequest, mostBytes: number, without: ReadonlySet<number> = new Set()): Difference {
    const { vector } = this.deps.store;
    const { buckets } = request;
    const isWanted = new Uint8Array(ORIGIN_BUCKETS);
    for (const bucket of buckets) isWanted[bucket] = 1;
    const entries: (readonly [Origin, number])[] = [];
    if (buckets.length === 0) return { buckets, entries, cursor: undefined };
    let bytes = 0;
    for (const index of vector.indices(request.cursor)) {
      if (isWanted[vector.origins.bucketAt(index)] === 0 || without.has(index)) continue;
      const entry = vector.entryAt(index);
      bytes += vectorEntryBytes(entry);
      const isFull = bytes > mostBytes || entries.length >= this.deps.tuning.vectorPageEntries;
      if (isFull && entries.length > 0) return { buckets, entries, cursor: index };
      entries.push(entry);
    }
    return { buckets, entries, cursor: undefined };
  }

  /** The vector as of now, for an asker that takes it by difference; `undefined` as in {@link compare}. */
  digest(epoch: number): VectorDigest | undefined {
    const key = this.keyOf(epoch);
    if (key === undefined) return undefined;
    const { vector } = this.deps.store;
    const recent = vector.recent(this.deps.tuning.openingRecents);
    return { epoch, digests: vector.bucketDigests(key).toString(), recent };
  }

  /** The key of an asker's hour, unless its digests are unknown and others were computed just now. */
  private keyOf(epoch: number): DigestKey | undefined {
    const { store, digestKeys, time, tuning } = this.deps;
    const key = digestKeys.at(epoch);
    if (store.vector.hasDigests(key)) return key;
    const nowMs = time.monotonicMs();
    if (nowMs < this.foreignMs + tuning.foreignHourMs) return undefined;
    this.foreignMs = nowMs;
    return key;
  }
}
