import type { Origin } from './dot.js';
import type { Mutation } from './mutation.js';
import type { RemovedRows } from './removed-rows.js';

/**
 * Notified of each change in a store, synchronously and in order. Must be quick, must never throw, and must not write
 * to the store.
 */
export interface StoreObserver {
  /**
   * A mutation has just been applied.
   * @param removed what it removed here; `undefined` if nothing
   */
  applied(mutation: Mutation, origin: Origin, seq: number, removed: RemovedRows | undefined): void;
  /** A whole state was joined or adopted: anything may have changed. */
  replaced(): void;
}
