import type { Origin } from './dot.js';
import type { Origins } from './origins.js';

// Versions, timestamps and numbers of origins of one row, in lists of numbers.
const ROW_BYTES = 32;
// What an expiry adds: an object in a list.
const EXPIRY_BYTES = 48;

/** An entry that a removal has removed: all but its value. */
interface RemovedRow {
  readonly version: number;
  readonly timestamp: number;
  readonly origin: Origin;
  /** Absent: never. */
  readonly expiresAt?: number;
  /** Its time had come by the store's clock. */
  readonly isExpired: boolean;
}

/** When a removed entry expires, and whether its time had come. */
interface RemovedExpiry {
  readonly expiresAt: number;
  readonly isExpired: boolean;
}

/** The entries that one mutation removed from its key, ascending by version, then origin. */
export class RemovedRows {
  private versions: number[] = [];
  private timestamps: number[] = [];
  private origins: number[] = [];
  /** `undefined` while none of them expires. */
  private expiries: (RemovedExpiry | undefined)[] | undefined;

  /** @param table of the numbers of origins */
  constructor(private readonly table: Origins) {}

  get count(): number {
    return this.versions.length;
  }

  /** Estimated memory. */
  get bytes(): number {
    return ROW_BYTES * this.count + EXPIRY_BYTES * (this.expiries?.length ?? 0);
  }

  push(version: number, timestamp: number, origin: number, expiry?: RemovedExpiry): void {
    const { versions } = this;
    const last = versions.length - 1;
    versions.push(version);
    this.timestamps.push(timestamp);
    this.origins.push(origin);
    if (expiry) this.expiries ??= new Array<undefined>(last + 1).fill(undefined);
    this.expiries?.push(expiry);
    if (last >= 0 && (versions[last] as number) >= version) this.sinkLast();
  }

  at(index: number): RemovedRow {
    const { isExpired, ...expiry } = this.expiries?.[index] ?? { isExpired: false };
    return {
      version: this.versions[index] as number,
      timestamp: this.timestamps[index] as number,
      origin: this.table.nameAt(this.origins[index] as number),
      ...expiry,
      isExpired,
    };
  }

  /** The index of the first entry after a version and the origin of its entry. O(log n). */
  after(version: number, origin: Origin): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isAfter(middle, version, origin)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Moves the last entry to its place: rows come in order, but for siblings of one version. */
  private sinkLast(): void {
    for (let i = this.count - 1; i > 0; i--) {
      const { version, origin } = this.at(i);
      if (!this.isAfter(i - 1, version, origin)) return;
      for (const column of [this.versions, this.timestamps, this.origins]) swap(column, i);
      if (this.expiries) swap(this.expiries, i);
    }
  }

  private isAfter(index: number, version: number, origin: Origin): boolean {
    const here = this.versions[index] as number;
    return here !== version ? here > version : this.table.nameAt(this.origins[index] as number) > origin;
  }
}

function swap(column: unknown[], i: number): void {
  const here = column[i];
  column[i] = column[i - 1];
  column[i - 1] = here;
}
