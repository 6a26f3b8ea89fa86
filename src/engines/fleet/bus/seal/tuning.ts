import { assertRelation, limits, MiB } from '../../../../core/limits.js';

export const defaultSealTuning = Object.freeze({
  /** Cached keys of peers' incarnations; a peer beyond this costs two derivations. */
  sealKeysKept: 1024,
  /** Verified incarnations. None is ever forgotten, or its old messages would be accepted again. */
  verifiedOrigins: 65_536,
  /** Incarnations that have not answered yet; the oldest is forgotten first. */
  suspects: 16_384,
  /** A challenge without an answer within this has failed. */
  challengeTimeoutMs: 2_000,
  /**
   * First and longest pause between challenges to one incarnation; each is four times as long as the one before. Long,
   * so that endless replays of thousands of dead incarnations leave room for those that are alive.
   */
  challengeRetryMs: 1_000,
  challengeRetryCapMs: 64_000,
  /** Challenges to all incarnations together: the largest burst, and the rate per second. */
  challengesAtOnce: 1_000,
  challengesPerSecond: 1_000,
  /** Batches that wait for their origin's answer, and their bytes. A cache: the oldest is dropped first. */
  unverifiedBatches: 256,
  unverifiedBytes: 8 * MiB,
});

/** The limits and times that a sealed channel obeys; a simulation makes them small to reach every corner. */
export type SealTuning = { readonly [name in keyof typeof defaultSealTuning]: number };

assertRelation(
  defaultSealTuning.suspects <
    (defaultSealTuning.challengeRetryCapMs / 1000) * defaultSealTuning.challengesPerSecond,
  'a fleet that starts is challenged at once, also beside as many dead as are remembered',
);
assertRelation(
  defaultSealTuning.unverifiedBytes > 2 * limits.payloadBytes,
  'any batch may wait for its origin',
);
