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
  /** From this part of a limit on a server warns, in log and health, */
  nearFraction: 0.8,
  /** and until what is used falls below this part: what swings around the first would fill the log. */
  farFraction: 0.75,
  /** A server that was at a limit says that there is room again below this part of it. */
  roomFraction: 0.98,
  /**
   * The same of the limit of origins: nothing but a new fleet makes room again, and a server that crashes after each of
   * its writes needs a month to reach the limit.
   */
  nearOriginsFraction: 0.1,
  /** How often a server looks how full it is. */
  capacityIntervalMs: 1_000,
  /** Calls that wait until this server has caught up with their session; a further one is refused at once. */
  sessionWaiters: 4096,
});

assertRelation(
  engineLimits.farFraction < engineLimits.nearFraction &&
    engineLimits.nearFraction < engineLimits.roomFraction,
  'each change that is said ends below where it began',
);
assertRelation(
  engineLimits.keys * 1.5 < 2 ** 24,
  'what several servers insert at once must still fit the key index',
);
