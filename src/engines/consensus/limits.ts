import { assertRelation, limits, MiB } from '../../core/limits.js';

/** Limits on the search for a store in an etcd that others use too, and on the look at its disk quota. */
export const consensusLimits = Object.freeze({
  /** Foreign keys examined at a start for data that an earlier version may have written beside a new store. */
  strayHeads: 10_000,
  /** Attempts to create a new store while others keep writing where an earlier version would. */
  lostRaces: 3,
  /** Heads in one stretch of a retention's walk: two operations each for those with a rule, in one transaction. */
  retentionHeads: 60,
  /** A server that keeps the retention and is gone is replaced after this, s. */
  claimSeconds: 60,
  /** How often members are asked how full their quota is. Rarely: the answer is a hundred KiB. */
  spaceIntervalMs: 10_000,
  /** A member without an answer within this is left out of the figure. */
  spaceTimeoutMs: 2_000,
  /** Longest such answer. */
  metricsBytes: 4 * MiB,
});

/** How patiently a replica that lost its data is replaced. */
export const replacementLimits = Object.freeze({
  /** One request to one member is given up after this. */
  attemptMs: 2_000,
  /** A majority must have answered within this. */
  majorityMs: 8_000,
  /** The change itself: etcd refuses one while its members have known each other for less than 5 s. */
  changeMs: 30_000,
  /** Between two attempts. */
  pauseMs: 300,
});

assertRelation(consensusLimits.retentionHeads * 2 <= 128, 'a stretch must fit a transaction of etcd');
assertRelation(limits.commitWrites * 4 + 4 <= 128, 'a commit must fit a transaction of etcd');
