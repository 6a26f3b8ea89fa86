import { assertRelation } from '../core/limits.js';

/** What bounds the time in which none, or two, of several servers act. */
export const soleServerLimits = Object.freeze({
  /** The next server acts after this, so that what the previous one had under way arrives first. */
  takeoverMs: 2_500,
  /** How often a server checks whether it is the one. */
  roleMs: 250,
  /** A server that has not checked its role for this long was asleep: others may have taken over. */
  asleepMs: 1_000,
});

assertRelation(
  2 * soleServerLimits.roleMs <= soleServerLimits.asleepMs &&
    soleServerLimits.asleepMs < soleServerLimits.takeoverMs,
  'a server that slept knows it before another one acts',
);
