import type { Origin } from './dot.js';
import type { Mutation } from './mutation.js';

/** Is told of what changes in a store, at once and in order. Must be quick, never throw, and not write to the store. */
export interface StoreObserver {
  /** A mutation has just been applied. */
  applied(mutation: Mutation, origin: Origin, seq: number): void;
  /** A whole state was joined or adopted: anything may be different now. */
  replaced(): void;
}
