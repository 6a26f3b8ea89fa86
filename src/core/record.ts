import type { Attempt } from './attempt.js';
import type { Dot, Origin, VectorEntries } from './dot.js';

/** A position in the order of one key's entries: (version, timestamp, origin, seq). */
export interface OrderPosition {
  readonly version: number;
  readonly timestamp: number;
  readonly origin: Origin;
  readonly seq: number;
}

export interface EntryRecord extends Dot {
  readonly version: number;
  readonly timestamp: number;
  readonly value: string;
  readonly superseded: boolean;
  /** An expired entry hid this one and was removed since: it is history, and never the latest value again. */
  readonly passed?: boolean;
  /** Per-key causal context as in InsertMutation; kept for heads and for entries that expire, empty otherwise. */
  readonly context: VectorEntries;
  /** When it expires, ms since 1970 on the fleet's clock; absent if never. */
  readonly expiresAt?: number | undefined;
  /** The attempt that wrote it, if its client may repeat it; kept for a bounded number of entries, and not hashed. */
  readonly attempt?: Attempt | undefined;
}

/** A key as a walk sends it: whole, or a stretch of its history after `after`. */
export interface KeyFragment {
  readonly key: string;
  /** Greatest version and timestamp ever seen for the key; they outlive its entries. */
  readonly greatestVersion: number;
  readonly greatestTimestamp: number;
  readonly after: OrderPosition | undefined;
  readonly entries: readonly EntryRecord[];
}

/** The position of a walk over the giver's keys: the next key slot, and inside it the order position already sent. */
export interface WalkCursor {
  readonly slot: number;
  readonly after: OrderPosition | undefined;
}

/** One value as a reader sees it. */
export interface StoredValue {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly timestamp: number;
  /** When it expires, ms since 1970; absent if never. */
  readonly expiresAt?: number;
}
