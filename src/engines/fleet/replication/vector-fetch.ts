import type { Origin, VectorEntries } from '../../../core/dot.js';
import type { DigestKey } from '../../../core/vector-digests.js';
import type { VersionVector } from '../../../core/vector.js';
import type { VectorPageRequest, VectorQuestion, VectorReply, VectorRequest } from '../../../ports/bus.js';

/**
 * The asking side of a vector by difference: one question, and pages until the last.
 *
 * A bucket that is not among those that differ was equal to the digest that was sent, not to what the asker holds by
 * the time of the answer.
 */
export class VectorFetch {
  private next: VectorQuestion | VectorPageRequest;

  /**
   * @param mine the asker's vector, as it is now
   * @param explicit origins that may be changing just now
   */
  constructor(mine: VersionVector, key: DigestKey, explicit: readonly Origin[]) {
    const known = explicit
      .map((origin) => mine.origins.knownIndexOf(origin))
      .filter((index) => index !== undefined);
    const digests = mine.digestsWithout(key, known).toString();
    this.next = { epoch: key.epoch, explicit, digests };
  }

  /** What to ask next. */
  get ask(): VectorRequest['ask'] {
    return this.next;
  }

  /** Whether the next answer is the first. */
  get isFirst(): boolean {
    return 'digests' in this.next;
  }

  /** @returns whether this was the last page */
  take({ buckets, cursor }: VectorReply): boolean {
    if (cursor === undefined) return true;
    this.next = { buckets, cursor };
    return false;
  }
}

/** Turns a vector into a peer's, page by page. It must be what was compared: nothing else may change it meanwhile. */
export function takeDifference(vector: VersionVector, reply: VectorReply, isFirst: boolean): void {
  if (isFirst) {
    const differing = new Set(reply.buckets);
    vector.clearBuckets((bucket) => differing.has(bucket));
  }
  setEntries(vector, reply.entries);
}

/** Sets these entries of a vector, also to lower seqs. */
export function setEntries(vector: VersionVector, entries: VectorEntries): void {
  for (const [origin, seq] of entries) vector.set(vector.indexOf(origin), seq);
}
