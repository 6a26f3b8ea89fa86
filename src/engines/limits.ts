import { assertRelation, MiB } from '../core/limits.js';

/** What one server holds, whatever its engine. */
export const engineLimits = Object.freeze({
  /**
   * Keys ever seen; their counters are never freed. Local inserts of new keys are refused beyond this. Well below the
   * 2²⁴ entries that a JavaScript Map can hold, because peers' inserts are never refused.
   */
  keys: 10_000_000,
  /** Entries in the store. Local inserts are refused beyond this. */
  entries: 30_000_000,
  /** Estimated bytes of all keys and values. Local inserts are refused beyond this. */
  storeBytes: 3 * 1024 * MiB,
  /** Calls that wait until this server has caught up with their session; a further one is refused at once. */
  sessionWaiters: 4096,
});

assertRelation(
  engineLimits.keys * 1.5 < 2 ** 24,
  'what several servers insert at once must still fit the key index',
);
