import { assertRelation, MiB } from '../core/limits.js';

/** What one server holds, whatever its engine. */
export const engineLimits = Object.freeze({
  /**
   * Keys ever seen: their counters are never freed. Local inserts of new keys are refused beyond. Well below the 2²⁴
   * entries of a JavaScript Map, since peers' inserts are never refused.
   */
  keys: 10_000_000,
  /** Entries in the store. Local inserts are refused beyond. */
  entries: 30_000_000,
  /** Estimated bytes of all keys and values. Local inserts are refused beyond. */
  storeBytes: 3 * 1024 * MiB,
  /** Calls that wait until this server has caught up with their session; a further one is sent away at once. */
  sessionWaiters: 4096,
});

assertRelation(
  engineLimits.keys * 1.5 < 2 ** 24,
  'what several servers insert at once must still fit the key index',
);
