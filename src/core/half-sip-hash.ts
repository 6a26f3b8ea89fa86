/** The key of a {@link halfSipHash}: 64 bits in two words. */
export interface HashKey {
  readonly low: number;
  readonly high: number;
}

/**
 * HalfSipHash-2-4 with 64 bits of output (J.-P. Aumasson, D. J. Bernstein; github.com/veorq/SipHash): a keyed hash of
 * short texts that nobody without the key can make collide. Made of 32-bit operations, so it is fast here.
 * @param out receives the hash: its first four bytes, then the others
 */
export function halfSipHash(key: HashKey, bytes: Uint8Array, length: number, out: Uint32Array): void {
  let v0 = key.low;
  let v1 = key.high ^ 0xee;
  let v2 = 0x6c796765 ^ key.low;
  let v3 = 0x74656462 ^ key.high;
  const words = length >>> 2;
  // Two rounds for each word and the last one, then four and four for the halves of the output.
  for (let i = 0, rounds = 0, word = 0; i <= words + 4; i++) {
    if (i <= words) {
      word = i < words ? wordAt(bytes, i << 2) : lastWord(bytes, length);
      v3 ^= word;
      rounds = 2;
    } else {
      if (i === words + 1) v2 ^= 0xee;
      if (i === words + 3) {
        out[0] = v1 ^ v3;
        v1 ^= 0xdd;
      }
      rounds = 2;
    }
    for (; rounds > 0; rounds--) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    if (i <= words) v0 ^= word;
  }
  out[1] = v1 ^ v3;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** The bytes after the last whole word, and the length in the highest byte. */
function lastWord(bytes: Uint8Array, length: number): number {
  let word = length << 24;
  for (let at = length & ~3, shift = 0; at < length; at++, shift += 8) word |= (bytes[at] as number) << shift;
  return word;
}
