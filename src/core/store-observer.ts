import type { Origin } from './dot.js';
import type { Mutation } from './mutation.js';

/**
 * Notified of each change in a store, synchronously and in order. Must be quick, must never throw, and must not write
 * to the store.
 */
export interface StoreObserver {
  /** A mutation has just been applied. */
  applied(mutation: Mutation, origin: Origin, seq: number): void;
  /** A whole state was joined or adopted: anything may have changed. */
  replaced(): void;
}
