import { halfSipHash, type HashKey } from './half-sip-hash.js';
import { ORIGIN_BUCKETS } from './origins.js';
import type { VersionVector } from './vector.js';

/** The key of the digests of one epoch. */
export interface DigestKey extends HashKey {
  /** Hours since 1970. */
  readonly epoch: number;
}

/**
 * The keys of a fleet's digests. The key changes every hour: neither dead origins whose hashes happen to cancel out nor
 * entries that somebody made for that purpose stay hidden. It is no secret: whoever may write to the fleet knows it.
 */
export class DigestKeys {
  private readonly fleetKey: HashKey;

  constructor(fleet: string) {
    const bytes = Uint8Array.from(fleet, (char) => char.charCodeAt(0));
    this.fleetKey = hashKeyOf({ low: 0, high: 0 }, bytes);
  }

  /** @param wallMs ms since 1970 */
  of(wallMs: number): DigestKey {
    return this.at(Math.floor(wallMs / HOUR_MS));
  }

  /** @param epoch hours since 1970 */
  at(epoch: number): DigestKey {
    const bytes = new Uint8Array(8);
    for (let i = 0; i < 8; i++) bytes[i] = Math.floor(epoch / 2 ** (8 * i)) & 0xff;
    return { epoch, ...hashKeyOf(this.fleetKey, bytes) };
  }
}

function hashKeyOf(key: HashKey, bytes: Uint8Array): HashKey {
  const out = new Uint32Array(2);
  halfSipHash(key, bytes, bytes.length, out);
  return { low: out[0] as number, high: out[1] as number };
}

const HOUR_MS = 3_600_000;

// Words of a bucket: keyed hash (two), number of entries, sum of the seqs (two, modulo 2⁶⁴).
const WORDS = 5;
/** Hexadecimal digits of the digests of all buckets. */
export const BUCKET_DIGESTS_DIGITS = 8 * WORDS * ORIGIN_BUCKETS;

// Epochs whose digests are kept up to date: those of clocks that differ, at the turn of an hour.
const EPOCHS = 4;

// Origins whose hashes take a few milliseconds.
const NEARLY = 16_384;

/**
 * Digests of a vector, one for each bucket of origins: the sum of the keyed hashes of its entries, their number, and
 * the sum of their seqs. So of two vectors of which one covers the other, unequal ones always have unequal digests,
 * whatever the hashes.
 */
export class BucketDigests {
  constructor(readonly words: Uint32Array = new Uint32Array(ORIGIN_BUCKETS * WORDS)) {}

  /** Digests as {@link toString} wrote them. */
  static parse(hex: string): BucketDigests {
    const digests = new BucketDigests();
    for (let i = 0; i < digests.words.length; i++)
      digests.words[i] = parseInt(hex.slice(8 * i, 8 * i + 8), 16);
    return digests;
  }

  copy(): BucketDigests {
    return new BucketDigests(this.words.slice());
  }

  /** Adds an entry with this keyed hash (or, with sign −1, removes it). Seq 0 stands for none. */
  add(bucket: number, seq: number, hash: Uint32Array, sign: 1 | -1): void {
    if (seq === 0) return;
    const { words } = this;
    const at = bucket * WORDS;
    words[at] = (words[at] as number) + sign * (hash[0] as number);
    words[at + 1] = (words[at + 1] as number) + sign * (hash[1] as number);
    words[at + 2] = (words[at + 2] as number) + sign;
    const low = (words[at + 3] as number) + sign * (seq >>> 0);
    words[at + 3] = low;
    const carry = Math.floor(low / 0x1_0000_0000);
    words[at + 4] = (words[at + 4] as number) + sign * Math.floor(seq / 0x1_0000_0000) + carry;
  }

  isEqual(bucket: number, other: BucketDigests): boolean {
    for (let i = bucket * WORDS; i < (bucket + 1) * WORDS; i++)
      if (this.words[i] !== other.words[i]) return false;
    return true;
  }

  /** The buckets that are not equal to those of `other`. */
  differing(other: BucketDigests): number[] {
    return Array.from({ length: ORIGIN_BUCKETS }, (_, bucket) => bucket).filter(
      (bucket) => !this.isEqual(bucket, other),
    );
  }

  toString(): string {
    return Array.from(this.words, (word) => word.toString(16).padStart(8, '0')).join('');
  }

  /** One digest of all buckets: hash, number of entries and sum of the seqs, as 40 hexadecimal digits. */
  whole(): string {
    const sums = new Array<number>(WORDS).fill(0);
    for (let i = 0; i < this.words.length; i++)
      sums[i % WORDS] = (sums[i % WORDS] as number) + (this.words[i] as number);
    sums[4] = (sums[4] as number) + Math.floor((sums[3] as number) / 0x1_0000_0000);
    return sums.map((sum) => (sum % 0x1_0000_0000).toString(16).padStart(8, '0')).join('');
  }
}

interface Epoch {
  readonly key: DigestKey;
  readonly digests: BucketDigests;
  /** Origins with a lower number are in `digests`. */
  end: number;
}

/**
 * The keyed digests of one vector, brought up to date when they are asked for: to advance an origin costs next to
 * nothing.
 */
export class VectorDigests {
  /** The least recently used first. */
  private epochs: Epoch[] = [];
  /** Origins that have advanced since, each with its seq as it is digested. */
  private readonly stale = new Map<number, number>();
  private readonly hash = new Uint32Array(2);

  constructor(private readonly vector: VersionVector) {}

  /** To be called before an origin changes, at least for the first time since the last call of another method. */
  note(index: number, seq: number): void {
    if (!this.stale.has(index)) this.stale.set(index, seq);
  }

  /** Whether the digests of this key are known, or nearly so. */
  has({ epoch }: DigestKey): boolean {
    return this.epochs.some(({ key, end }) => key.epoch === epoch && end + NEARLY >= this.vector.end);
  }

  at(key: DigestKey): BucketDigests {
    this.prepare(key, Infinity);
    return (this.epochs.at(-1) as Epoch).digests;
  }

  /** @returns whether the digests of this key are complete */
  prepare(key: DigestKey, most: number): boolean {
    this.refresh();
    const known = this.epochs.find((epoch) => epoch.key.epoch === key.epoch);
    const epoch = known ?? { key, digests: new BucketDigests(), end: 0 };
    this.epochs = [...this.epochs.filter((other) => other !== known), epoch].slice(-EPOCHS);
    const { vector } = this;
    const end = Math.min(vector.end, epoch.end + most);
    for (const index of vector.indices(epoch.end)) {
      if (index >= end) break;
      this.change(epoch, index, vector.seqAt(index), 1);
    }
    epoch.end = Math.max(epoch.end, end);
    return epoch.end >= vector.end;
  }

  copy(vector: VersionVector): VectorDigests {
    this.refresh();
    const copy = new VectorDigests(vector);
    copy.epochs = this.epochs.map(({ key, digests, end }) => ({ key, digests: digests.copy(), end }));
    return copy;
  }

  private refresh(): void {
    for (const [index, before] of this.stale) {
      for (const epoch of this.epochs) {
        if (index >= epoch.end) continue;
        this.change(epoch, index, before, -1);
        this.change(epoch, index, this.vector.seqAt(index), 1);
      }
    }
    this.stale.clear();
  }

  private change({ key, digests }: Epoch, index: number, seq: number, sign: 1 | -1): void {
    if (seq === 0) return;
    const { origins } = this.vector;
    origins.keyedHash(index, seq, key, this.hash);
    digests.add(origins.bucketAt(index), seq, this.hash, sign);
  }
}
