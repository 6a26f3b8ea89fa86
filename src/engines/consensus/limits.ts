import { assertRelation, limits } from '../../core/limits.js';

/** Bounds of how a store is found in an etcd that others use too. */
export const consensusLimits = Object.freeze({
  /** Keys of others that are looked through, at a start, for what a program of before may have written beside a new store. */
  strayHeads: 10_000,
  /** A new store is not made again and again because others keep writing where a program of before would. */
  lostRaces: 3,
});

assertRelation(limits.commitWrites * 4 + 4 <= 128, 'a commit must fit a transaction of etcd');
