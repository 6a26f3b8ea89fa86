import { mix } from './hash.js';
import { limits } from './limits.js';
import type { Floor } from './mutation.js';

const FLOOR_SALT = 0x2f1a9d;

/**
 * The floors of the parts of the key space. A key without entries whose own counters are at or below the floor of its
 * part need not be kept: inserts count from the greater of the key's counters and the floor, so no number is used
 * twice. Each number of a floor only rises, by its own maximum, whatever the order in which raises arrive.
 */
export class Floors {
  private readonly versions = new Int32Array(limits.parts);
  private readonly timestamps = new Float64Array(limits.parts);
  private readonly paces = new Float64Array(limits.parts);
  /** Whether any part has a floor. */
  any = false;

  version(part: number): number {
    return this.versions[part] as number;
  }

  timestamp(part: number): number {
    return this.timestamps[part] as number;
  }

  get(part: number): Floor {
    return {
      version: this.version(part),
      timestamp: this.timestamp(part),
      paceMs: this.paces[part] as number,
    };
  }

  /** Raises the floor of a part. @returns whether anything rose */
  raise(part: number, { version, timestamp, paceMs }: Floor): boolean {
    const isHigher =
      version > this.version(part) ||
      timestamp > this.timestamp(part) ||
      paceMs > (this.paces[part] as number);
    if (!isHigher) return false;
    this.any = true;
    this.versions[part] = Math.max(this.version(part), version);
    this.timestamps[part] = Math.max(this.timestamp(part), timestamp);
    this.paces[part] = Math.max(this.paces[part] as number, paceMs);
    return true;
  }

  /** How many parts have a floor. */
  get count(): number {
    return this.any ? this.entries().length : 0;
  }

  /** The parts that have a floor. */
  entries(): (Floor & { readonly part: number })[] {
    const out: (Floor & { readonly part: number })[] = [];
    if (!this.any) return out;
    for (let part = 0; part < limits.parts; part++) if (this.has(part)) out.push({ part, ...this.get(part) });
    return out;
  }

  /** Hash of the floor of a part; `undefined` where there is none, so that nothing is added for it. */
  hash(part: number): number | undefined {
    if (!this.has(part)) return undefined;
    const counters = mix(mix(FLOOR_SALT ^ part, this.version(part)), this.timestamp(part));
    return mix(counters, this.paces[part] as number);
  }

  private has(part: number): boolean {
    return this.version(part) > 0 || this.timestamp(part) > 0 || (this.paces[part] as number) > 0;
  }
}
