/**
 * Hashing for the self-check and the partition of the key space. Not cryptographic: anyone who can write to the fleet
 * can produce collisions.
 */

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** 32-bit hash of the UTF-16 units of a string, all bits well mixed (FNV-1a steps, murmur3 finaliser). */
export function hashString(text: string): number {
  let h = FNV_BASIS;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), FNV_PRIME);
  return finish(h ^ text.length);
}

/** The same of a text whose units lie in bytes, one in each. */
export function hashUnits(bytes: Uint8Array, at: number, units: number): number {
  let h = FNV_BASIS;
  for (let i = at; i < at + units; i++) h = Math.imul(h ^ (bytes[i] as number), FNV_PRIME);
  return finish(h ^ units);
}

/** What {@link copyHashed} says of a text that does not fit. */
export const IS_WIDE = -1;

/**
 * Copies a text into bytes, one for each unit, and hashes it on the way: both need a look at every unit.
 * @returns `hashString` of it; {@link IS_WIDE} if some unit is above 255, when what was copied means nothing
 */
export function copyHashed(text: string, bytes: Uint8Array, at: number): number {
  let h = FNV_BASIS;
  let units = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    units |= unit;
    bytes[at + i] = unit;
    h = Math.imul(h ^ unit, FNV_PRIME);
  }
  return units > 0xff ? IS_WIDE : finish(h ^ text.length);
}

/** The finaliser of murmur3: every input bit changes every output bit with probability ½. */
function finish(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Mixes a whole number up to 2⁵³ into a running 32-bit hash. */
export function mix(h: number, value: number): number {
  const low = value >>> 0;
  const high = (value / 0x1_0000_0000) >>> 0;
  return finish(Math.imul(h ^ low, 0x9e3779b1) + Math.imul(high ^ 0x5bd1e995, 0x85ebca77));
}

/** Two 32-bit lanes as 16 hexadecimal digits. */
export function lanesToHex(a: number, b: number): string {
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}

/** A second, independent lane derived from the same material. */
export const LANE_B = 0x2545f491;

/**
 * Sums of hashes, one pair of lanes for each part of the key space. Sums commute, so the result does not depend on the
 * order of additions and removals, and an item added can be removed again.
 */
export class PartHashes {
  private readonly a: Uint32Array;
  private readonly b: Uint32Array;

  constructor(private readonly parts: number) {
    this.a = new Uint32Array(parts);
    this.b = new Uint32Array(parts);
  }

  /** Adds (or, with sign −1, removes) one item whose 32-bit hash is `h`. */
  add(part: number, h: number, sign: 1 | -1): void {
    this.a[part] = ((this.a[part] as number) + sign * h) >>> 0;
    this.b[part] = ((this.b[part] as number) + sign * mix(LANE_B, h)) >>> 0;
  }

  part(index: number): string {
    return lanesToHex(this.a[index] as number, this.b[index] as number);
  }

  /** One hash over all parts. */
  whole(): string {
    let a = 0;
    let b = 0;
    for (let i = 0; i < this.parts; i++) {
      a = (a + mix(i, this.a[i] as number)) >>> 0;
      b = (b + mix(i ^ LANE_B, this.b[i] as number)) >>> 0;
    }
    return lanesToHex(a, b);
  }
}
