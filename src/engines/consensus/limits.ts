import { assertRelation, limits } from '../../core/limits.js';

/** Bounds of how a store is found in an etcd that others use too. */
export const consensusLimits = Object.freeze({
  /** Foreign keys that a start looks through for what an earlier version may have written beside a new store. */
  strayHeads: 10_000,
  /** Attempts to make a new store while others keep writing where an earlier version would. */
  lostRaces: 3,
});

assertRelation(limits.commitWrites * 4 + 4 <= 128, 'a commit must fit a transaction of etcd');
