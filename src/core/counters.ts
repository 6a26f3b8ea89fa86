import type { Changes } from './changes.js';
import { Floors } from './floors.js';
import { hashString, type PartHashes } from './hash.js';
import type { KeyTable } from './keys.js';
import { limits } from './limits.js';
import type { Floor } from './mutation.js';
import type { OrderedKeys } from './ordered-keys.js';

/**
 * The counters of all keys: the greatest version and timestamp that each was ever given, and the floors under them. A
 * key counts on from the greater of both. Hashes are those of the effective counters, since servers that learned of the
 * same writes and raises in another order may keep other counters of a key below the floor.
 */
export class Counters {
  readonly floors = new Floors();

  constructor(
    private readonly keys: KeyTable,
    private readonly hashes: PartHashes,
    private readonly order: OrderedKeys,
    private readonly changes: () => Changes | undefined,
  ) {}

  /** The version after which the next one of a key comes. @param slot `undefined` for a key that is not kept */
  version(key: string, slot: number | undefined): number {
    const floor = this.floors.any ? this.floors.version(this.partOf(key, slot)) : 0;
    return slot === undefined ? floor : Math.max(floor, this.keys.greatestVersion(slot));
  }

  /** The timestamp after which the next one of a key comes, ms since 1970. */
  timestamp(key: string, slot: number | undefined): number {
    const floor = this.floors.any ? this.floors.timestamp(this.partOf(key, slot)) : 0;
    return slot === undefined ? floor : Math.max(floor, this.keys.greatestTimestamp(slot));
  }

  /** Raises the counters of a key; never lowers them. */
  raise(slot: number, version: number, timestamp: number): void {
    this.addHash(slot, -1);
    this.keys.raise(slot, version, timestamp);
    this.changes()?.noteKey(this.keys.name(slot));
    this.addHash(slot, 1);
  }

  /** Raises the floor of a part, and forgets the keys that it makes needless. O(keys of the part). */
  raiseFloor(part: number, floor: Floor): void {
    const { floors, hashes, keys } = this;
    const hashBefore = floors.hash(part);
    const versionBefore = floors.version(part);
    const timestampBefore = floors.timestamp(part);
    if (!floors.raise(part, floor)) return;
    if (hashBefore !== undefined) hashes.add(part, hashBefore, -1);
    hashes.add(part, floors.hash(part) as number, 1);
    const version = floors.version(part);
    const timestamp = floors.timestamp(part);
    if (version === versionBefore && timestamp === timestampBefore) return;
    for (const slot of keys.ofPart(part)) {
      const isForgotten = keys.isEmpty(slot) && this.isNeedless(slot);
      // Keys whose own counters are all above the floor are not touched by it; keys without counters have no hash.
      const isAbove = keys.greatestVersion(slot) >= version && keys.greatestTimestamp(slot) >= timestamp;
      if (keys.greatestVersion(slot) > 0 && (isForgotten || !isAbove)) {
        hashes.add(part, keys.counterHash(slot, versionBefore, timestampBefore), -1);
        if (!isForgotten) hashes.add(part, keys.counterHash(slot, version, timestamp), 1);
      }
      if (isForgotten) this.forget(slot);
    }
  }

  /** Forgets a key without entries if its counters are held by the floor as well. */
  normalize(slot: number): void {
    if (!this.isNeedless(slot)) return;
    this.addHash(slot, -1);
    this.forget(slot);
  }

  /** Brings every key to normal form: see {@link normalize}. To be called after a state was joined or loaded. */
  normalizeAll(): void {
    for (const { part } of this.floors.entries()) {
      for (const slot of this.keys.ofPart(part)) if (this.keys.isEmpty(slot)) this.normalize(slot);
    }
  }

  private isNeedless(slot: number): boolean {
    const part = this.keys.partOf(slot);
    return (
      this.keys.greatestVersion(slot) <= this.floors.version(part) &&
      this.keys.greatestTimestamp(slot) <= this.floors.timestamp(part)
    );
  }

  private forget(slot: number): void {
    this.order.noteForgotten(slot);
    this.changes()?.noteForgotten(this.keys.name(slot));
    this.keys.forget(slot);
  }

  private addHash(slot: number, sign: 1 | -1): void {
    // A key just added has no counters yet.
    if (this.keys.greatestVersion(slot) === 0) return;
    const part = this.keys.partOf(slot);
    const hash = this.keys.counterHash(slot, this.floors.version(part), this.floors.timestamp(part));
    this.hashes.add(part, hash, sign);
  }

  private partOf(key: string, slot: number | undefined): number {
    return slot === undefined ? hashString(key) & (limits.parts - 1) : this.keys.partOf(slot);
  }
}
