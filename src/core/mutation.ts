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

export type Mutation = InsertMutation | RemoveObservedMutation | RemoveDotsMutation;

/**
 * Contiguous mutations of one origin: mutation `i` has seq `first + i`.
 *
 * `dependencies` are the vector entries of other origins that the writer had advanced since its previous batch: a
 * server that has applied these and the origin's earlier batches has every cause of this one.
 */
export interface Batch {
  readonly origin: Origin;
  readonly first: number;
  readonly dependencies: VectorEntries;
  readonly mutations: readonly Mutation[];
}

/** The seq of the last mutation of a batch. */
export function lastSeq(batch: Batch): number {
  return batch.first + batch.mutations.length - 1;
}
