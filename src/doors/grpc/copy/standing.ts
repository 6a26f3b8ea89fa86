import { createHash, randomBytes } from 'node:crypto';

const FIRST_ROOM = 8;

/**
 * The versions that a key has, by value: each can match one version of a copy. Values are kept as hashes under a secret
 * of this process, so that nobody can construct a collision. Costs 28 bytes a version plus spare room, whatever its
 * size.
 */
export class Standing {
  private count = 0;
  /** For each version its number, and the next version with the same value (from 1; 0: none). */
  private versions = new Int32Array(FIRST_ROOM);
  private nexts = new Int32Array(FIRST_ROOM);
  /** Open addressing, at most half full: a hash, and the first and last of its unmatched versions (from 1). */
  private hashes = new BigUint64Array(2 * FIRST_ROOM);
  private firsts = new Int32Array(2 * FIRST_ROOM);
  private lasts = new Int32Array(2 * FIRST_ROOM);

  /** Adds a version of the key. Versions must come in ascending order. */
  add(version: number, value: string): void {
    if (this.count === this.versions.length) this.grow();
    this.versions[this.count++] = version;
    const hash = hashOf(value);
    const place = this.placeOf(hash);
    if (this.firsts[place] === 0) this.firsts[place] = this.count;
    else this.nexts[(this.lasts[place] ?? 0) - 1] = this.count;
    this.hashes[place] = hash;
    this.lasts[place] = this.count;
  }

  /** Matches the lowest unmatched version with this value. `undefined` if there is none. */
  take(value: string): number | undefined {
    if (this.count === 0) return undefined;
    const place = this.placeOf(hashOf(value));
    const first = this.firsts[place] ?? 0;
    if (first === 0) return undefined;
    this.firsts[place] = this.nexts[first - 1] ?? 0;
    return this.versions[first - 1];
  }

  /** The slot of a hash, taken or free. */
  private placeOf(hash: bigint): number {
    const mask = this.hashes.length - 1;
    let place = Number(hash & BigInt(mask));
    while (this.lasts[place] !== 0 && this.hashes[place] !== hash) place = (place + 1) & mask;
    return place;
  }

  private grow(): void {
    this.versions = enlarged(this.versions);
    this.nexts = enlarged(this.nexts);
    const { hashes, firsts, lasts } = this;
    this.hashes = new BigUint64Array(2 * hashes.length);
    this.firsts = new Int32Array(this.hashes.length);
    this.lasts = new Int32Array(this.hashes.length);
    for (let from = 0; from < hashes.length; from++) {
      if (lasts[from] === 0) continue;
      const hash = hashes[from] ?? 0n;
      const place = this.placeOf(hash);
      this.hashes[place] = hash;
      this.firsts[place] = firsts[from] ?? 0;
      this.lasts[place] = lasts[from] ?? 0;
    }
  }
}

const secret = randomBytes(16);

function hashOf(value: string): bigint {
  return createHash('sha256').update(secret).update(value, 'utf8').digest().readBigUInt64LE();
}

function enlarged(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
