import { BoundedMap } from './bounded-map.js';
import type { Origin, VectorEntries } from './dot.js';
import { lanesToHex, LANE_B, mix } from './hash.js';
import { Origins } from './origins.js';
import { VectorDigests, type BucketDigests, type DigestKey } from './vector-digests.js';

const SHIFT = 10;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;
const NO_SEQS = new Float64Array(CHUNK);

/** Origins that a vector remembers as those that advanced last. */
const RECENT_ORIGINS = 1024;

/**
 * A version vector: for each origin, the last seq applied. Origins are numbered by their table ({@link Origins}), and
 * seqs lie in a column by that number.
 */
export class VersionVector {
  private readonly chunks: Float64Array[] = [];
  private entryCount = 0;
  private digestA = 0;
  private digestB = 0;
  /** The origins that advanced last, the latest at the end. */
  private readonly lately = new BoundedMap<number, true>(RECENT_ORIGINS);
  /** The origin that advanced last. Saves most of the work when mutations of one origin follow each other. */
  private last = -1;
  private digests: VectorDigests | undefined;

  constructor(readonly origins: Origins = new Origins()) {}

  /** A vector with these entries. */
  static of(origins: Origins, entries: VectorEntries): VersionVector {
    const vector = new VersionVector(origins);
    for (const [origin, seq] of entries) vector.advance(origins.indexOf(origin), seq);
    return vector;
  }

  /** Number of origins with a seq. */
  get size(): number {
    return this.entryCount;
  }

  /** The number of an origin, assigned on first use. */
  indexOf(origin: Origin): number {
    return this.origins.indexOf(origin);
  }

  nameAt(index: number): Origin {
    return this.origins.nameAt(index);
  }

  hashAt(index: number): number {
    return this.origins.hashAt(index);
  }

  seqAt(index: number): number {
    return (this.chunks[index >>> SHIFT] ?? NO_SEQS)[index & MASK] as number;
  }

  /** The last seq applied of an origin; 0 if it is unknown. */
  seqOf(origin: Origin): number {
    const index = this.origins.knownIndexOf(origin);
    return index === undefined ? 0 : this.seqAt(index);
  }

  /** Advances an origin; a seq that is not greater changes nothing. */
  advance(index: number, seq: number): void {
    if (seq > this.seqAt(index)) this.set(index, seq);
  }

  /** Sets the seq of an origin, also to a lower one, as a vector that is received by difference needs. 0: none. */
  set(index: number, seq: number): void {
    const before = this.seqAt(index);
    if (seq === before) return;
    if (index !== this.last) {
      this.last = index;
      this.digests?.note(index, before);
      this.lately.put(index, true);
    }
    const hash = this.hashAt(index);
    if (before > 0) this.addToDigest(mix(hash, before), -1);
    else this.entryCount++;
    if (seq > 0) this.addToDigest(mix(hash, seq), 1);
    else this.entryCount--;
    this.reach(index);
    (this.chunks[index >>> SHIFT] as Float64Array)[index & MASK] = seq;
  }

  /** Removes all entries of the buckets for which `has` holds. */
  clearBuckets(has: (bucket: number) => boolean): void {
    for (const index of this.indices()) if (has(this.origins.bucketAt(index))) this.set(index, 0);
  }

  /** A copy over the same table of origins, with the digests that are known of this one. */
  copy(): VersionVector {
    const copy = new VersionVector(this.origins);
    for (const chunk of this.chunks) copy.chunks.push(chunk.slice());
    copy.entryCount = this.entryCount;
    copy.digestA = this.digestA;
    copy.digestB = this.digestB;
    for (const index of this.lately.keys()) copy.lately.put(index, true);
    this.last = -1;
    copy.digests = this.digests?.copy(copy);
    return copy;
  }

  /** Whether everything in `entries` has been applied here. */
  covers(entries: VectorEntries): boolean {
    for (const [origin, seq] of entries) if (this.seqOf(origin) < seq) return false;
    return true;
  }

  /** Whether everything that another vector over the same table has, has been applied here. */
  coversAll(other: VersionVector): boolean {
    return other.beyond(this).next().done === true;
  }

  /** The numbers of all origins with a seq from `from` on, ascending. */
  *indices(from = 0): Generator<number> {
    for (let at = from >>> SHIFT; at < this.chunks.length; at++) {
      const chunk = this.chunks[at] as Float64Array;
      for (let i = at === from >>> SHIFT ? from & MASK : 0; i < CHUNK; i++) {
        if ((chunk[i] as number) > 0) yield (at << SHIFT) + i;
      }
    }
  }

  /** The numbers of the origins that are further here than in `other`, over the same table. */
  *beyond(other: VersionVector): Generator<number> {
    if (other.origins !== this.origins) throw new Error('vectors over different tables of origins');
    for (const index of this.indices()) if (this.seqAt(index) > other.seqAt(index)) yield index;
  }

  /** How many mutations this vector stands for. A walk over all origins. */
  get total(): number {
    let total = 0;
    for (const index of this.indices()) total += this.seqAt(index);
    return total;
  }

  /** How many mutations this vector has beyond an earlier state of it. */
  gainOver(earlier: VersionVector): number {
    let gained = 0;
    for (const index of this.beyond(earlier)) gained += this.seqAt(index) - earlier.seqAt(index);
    return gained;
  }

  /** The entry of an origin by its number. */
  entryAt(index: number): readonly [Origin, number] {
    return [this.nameAt(index), this.seqAt(index)];
  }

  /** Every origin with a seq, as plain data: for vectors that are known to be short. */
  entries(): VectorEntries {
    return Array.from(this.indices(), (index) => this.entryAt(index));
  }

  /** The `count` ≤ {@link RECENT_ORIGINS} entries that advanced most recently, latest first, or fewer. */
  recent(count: number): VectorEntries {
    return this.recentIndices(count).map((index) => this.entryAt(index));
  }

  /** The numbers of the origins of {@link recent}. */
  recentIndices(count: number): number[] {
    if (count === 0) return [];
    const recent: number[] = [];
    for (const index of [...this.lately.keys()].reverse()) {
      if (this.seqAt(index) > 0 && recent.push(index) === count) break;
    }
    return recent;
  }

  /** Digest of the whole vector, 16 hexadecimal digits: fast, and not safe against forgers. */
  digest(): string {
    return lanesToHex(this.digestA, this.digestB);
  }

  /** Keyed digests of the buckets of origins, brought up to date. Takes long for a new key: see {@link prepare}. */
  bucketDigests(key: DigestKey): BucketDigests {
    this.digests ??= new VectorDigests(this);
    // What advances from now on is noted anew.
    this.last = -1;
    return this.digests.at(key);
  }

  /** {@link bucketDigests} as if these origins had no seq. */
  digestsWithout(key: DigestKey, origins: Iterable<number>): BucketDigests {
    const digests = this.bucketDigests(key).copy();
    for (const index of origins) this.removeFrom(digests, key, index);
    return digests;
  }

  /** Removes the entry of an origin from digests of this key. */
  removeFrom(digests: BucketDigests, key: DigestKey, index: number): void {
    const hash = new Uint32Array(2);
    this.origins.keyedHash(index, this.seqAt(index), key, hash);
    digests.add(this.origins.bucketAt(index), this.seqAt(index), hash, -1);
  }

  /**
   * Computes part of the digests of a key ahead, so that nobody has to wait for them.
   * @param most origins
   * @returns whether they are complete
   */
  prepare(key: DigestKey, most: number): boolean {
    this.digests ??= new VectorDigests(this);
    this.last = -1;
    return this.digests.prepare(key, most);
  }

  /** Whether the digests of this key are known. */
  hasDigests(key: DigestKey): boolean {
    return this.entryCount <= CHUNK || (this.digests?.has(key) ?? false);
  }

  /** One past the greatest number of an origin that may have a seq. */
  get end(): number {
    return this.chunks.length << SHIFT;
  }

  private reach(index: number): void {
    while (index >>> SHIFT >= this.chunks.length) this.chunks.push(new Float64Array(CHUNK));
  }

  private addToDigest(h: number, sign: 1 | -1): void {
    this.digestA = (this.digestA + sign * h) >>> 0;
    this.digestB = (this.digestB + sign * mix(LANE_B, h)) >>> 0;
  }
}
