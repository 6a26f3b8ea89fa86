import type { Origin, VectorEntries } from './dot.js';
import { hashString, lanesToHex, LANE_B, mix } from './hash.js';

/**
 * A version vector: for each origin, the last seq applied. Origins are numbered in the order in which this store met
 * them, so that entries hold two bytes instead of a name; the numbers never leave the process.
 */
export class VersionVector {
  private readonly indices = new Map<Origin, number>();
  private readonly names: Origin[] = [];
  private readonly seqs: number[] = [];
  private readonly hashes: number[] = [];
  /** When each origin last advanced, on a logical clock local to this vector. */
  private readonly advancedAt: number[] = [];
  private advances = 0;
  private digestA = 0;
  private digestB = 0;

  /** Number of known origins, those with seq 0 included. */
  get size(): number {
    return this.names.length;
  }

  /** The number of an origin, assigned on first use. */
  indexOf(origin: Origin): number {
    const known = this.indices.get(origin);
    if (known !== undefined) return known;
    const index = this.names.length;
    this.indices.set(origin, index);
    this.names.push(origin);
    this.seqs.push(0);
    this.hashes.push(hashString(origin));
    this.advancedAt.push(0);
    return index;
  }

  /** The number of an origin that is already known. */
  knownIndexOf(origin: Origin): number | undefined {
    return this.indices.get(origin);
  }

  nameAt(index: number): Origin {
    return this.names[index] as Origin;
  }

  hashAt(index: number): number {
    return this.hashes[index] as number;
  }

  seqAt(index: number): number {
    return this.seqs[index] as number;
  }

  /** The last seq applied of an origin; 0 if it is unknown. */
  seqOf(origin: Origin): number {
    const index = this.indices.get(origin);
    return index === undefined ? 0 : (this.seqs[index] as number);
  }

  /** Advances an origin; a seq that is not greater changes nothing. */
  advance(index: number, seq: number): void {
    const before = this.seqs[index] as number;
    if (seq <= before) return;
    const hash = this.hashes[index] as number;
    if (before > 0) this.addToDigest(mix(hash, before), -1);
    this.addToDigest(mix(hash, seq), 1);
    this.seqs[index] = seq;
    this.advancedAt[index] = ++this.advances;
  }

  /** Whether everything in `entries` has been applied here. */
  covers(entries: VectorEntries): boolean {
    for (const [origin, seq] of entries) if (this.seqOf(origin) < seq) return false;
    return true;
  }

  /** Every origin with a seq, as plain data. */
  entries(): VectorEntries {
    const out: [Origin, number][] = [];
    for (let i = 0; i < this.names.length; i++) {
      if ((this.seqs[i] as number) > 0) out.push([this.names[i] as Origin, this.seqs[i] as number]);
    }
    return out;
  }

  /** The `count` entries that advanced most recently, or fewer. */
  recent(count: number): VectorEntries {
    const all = this.entries();
    return all.length <= count ? all : this.latestFirst().slice(0, count);
  }

  /** Every origin with a seq, most recently advanced first. */
  latestFirst(): VectorEntries {
    const age = (origin: Origin): number => this.advancedAt[this.indexOf(origin)] as number;
    return [...this.entries()].sort((x, y) => age(y[0]) - age(x[0]));
  }

  /** Digest of the whole vector, 16 hexadecimal digits. */
  digest(): string {
    return lanesToHex(this.digestA, this.digestB);
  }

  /** Digest of the vector without some origins, as if they had never been seen. */
  digestWithout(origins: Iterable<Origin>): string {
    let a = this.digestA;
    let b = this.digestB;
    for (const origin of origins) {
      const index = this.indices.get(origin);
      const seq = index === undefined ? 0 : (this.seqs[index] as number);
      if (index === undefined || seq === 0) continue;
      const h = mix(this.hashes[index] as number, seq);
      a = (a - h) >>> 0;
      b = (b - mix(LANE_B, h)) >>> 0;
    }
    return lanesToHex(a, b);
  }

  private addToDigest(h: number, sign: 1 | -1): void {
    this.digestA = (this.digestA + sign * h) >>> 0;
    this.digestB = (this.digestB + sign * mix(LANE_B, h)) >>> 0;
  }
}
