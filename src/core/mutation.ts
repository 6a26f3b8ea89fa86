import type { Attempt } from './attempt.js';
import type { Dot, Origin, VectorEntries } from './dot.js';

/**
 * One insert, exactly as its writer made it. `version` and `timestamp` are set once, by the writer.
 *
 * `context` is the per-key causal context: for each *other* origin, the last seq for this key that the writer had
 * observed (the writer's own earlier entries are always observed, so they are left out). A key with one writer
 * carries none.
 */
export interface InsertMutation {
  readonly kind: 'insert';
  readonly key: string;
  readonly value: string;
  /** 1 + the greatest version that the writer had ever seen for the key; 1 … 2³¹−1. */
  readonly version: number;
  /** Hybrid logical clock in ms since 1970, strictly increasing per key. */
  readonly timestamp: number;
  readonly context: VectorEntries;
  /** Set if the client may repeat the insert: a server that applies it remembers the result of the request. */
  readonly attempt?: Attempt;
  /**
   * When the entry expires, ms since 1970 on the fleet's clock; absent if never. The context of such an insert is
   * complete: it names every origin of an entry that the writer had observed, not only those of the heads.
   */
  readonly expiresAt?: number;
}

/** Removes every entry of the key that the writer had observed, except `keep` (trim). */
export interface RemoveObservedMutation {
  readonly kind: 'removeObserved';
  readonly key: string;
  /** For each origin with an entry of this key at the writer, the last seq of such an entry. */
  readonly observed: VectorEntries;
  readonly keep: Dot | undefined;
}

/** Removes exactly these entries of the key: one version, with all its siblings that the writer had observed. */
export interface RemoveDotsMutation {
  readonly kind: 'removeDots';
  readonly key: string;
  /** The version that all of `dots` have. */
  readonly version: number;
  readonly dots: readonly Dot[];
}

/**
 * Removes exactly these entries of the key, whatever their versions: expired ones, or those beyond a retention. Entries
 * covered by `passed` are marked as passed: they are history, and never the latest value again.
 */
export interface DiscardMutation {
  readonly kind: 'discard';
  readonly key: string;
  readonly dots: readonly Dot[];
  /** What the writers of the expired entries among `dots` had observed; empty if none of them hid anything. */
  readonly passed: VectorEntries;
}

/**
 * Raises the floor of one part of the key space, so that counters of keys without entries at or below it can be
 * forgotten: see `floors.ts`. Each of the three numbers takes effect by its own maximum.
 */
interface RaiseFloorMutation extends Floor {
  readonly kind: 'raiseFloor';
  /** 0 … `limits.parts` − 1. */
  readonly part: number;
}

/** The floor of a part of the key space. */
export interface Floor {
  /** No key of the part is given a version at or below this anymore. 0: no floor. */
  readonly version: number;
  /** The same for timestamps, ms since 1970. */
  readonly timestamp: number;
  /** Until when, ms since 1970, the part has used up its share of version numbers: it bounds the pace of raises. */
  readonly paceMs: number;
}

/** A mutation of one key. */
export type KeyMutation = InsertMutation | RemoveObservedMutation | RemoveDotsMutation | DiscardMutation;

export type Mutation = KeyMutation | RaiseFloorMutation;

/**
 * Contiguous mutations of one origin: mutation `i` has seq `first + i`.
 *
 * `dependencies` imply all vector entries of other origins that the writer had advanced since its previous batch: a
 * server that has applied these and the origin's earlier batches has every cause of this one.
 */
export interface Batch {
  readonly origin: Origin;
  readonly first: number;
  readonly dependencies: VectorEntries;
  readonly mutations: readonly Mutation[];
  /** The fleet's clock at the writer when it closed the batch, ms since 1970; absent in batches of older versions. */
  readonly fleetMs?: number;
}

/** The seq of the last mutation of a batch. */
export function lastSeq(batch: Batch): number {
  return batch.first + batch.mutations.length - 1;
}
