import type { RetentionBound } from '../core/retention.js';
import type { Awaitable } from './engine.js';

/** Where a walk over the keys has come to: a place of the engine's own. */
export type WalkPlace = number | string;

/** The bound of a key, if it has one. */
export type BoundOf = (key: string) => RetentionBound | undefined;

/** A stretch of a walk over the keys. */
export interface BeyondPage {
  /** Keys with versions beyond their bound, as far as is known without asking anybody twice. */
  readonly keys: readonly string[];
  /** Where the walk goes on; `undefined` at its end. */
  readonly next: WalkPlace | undefined;
}

/** An engine that removes what is beyond a retention. No door offers it: only the keeper of the retention asks. */
export interface Retains {
  /** Whether this server is the one to do it now. Several that think so do no harm. */
  keepsRetention(): Awaitable<boolean>;

  /**
   * A short stretch of the walk over all keys: no more than fits a millisecond or two.
   * @param from absent: the beginning
   */
  beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): Awaitable<BeyondPage>;

  /**
   * Removes the oldest versions of a key that are beyond the bound, at most so many, decided by what the engine has at
   * that moment.
   * @returns how many
   * @throws KvsError as a write
   */
  retain(key: string, bound: RetentionBound, most: number): Awaitable<number>;
}
