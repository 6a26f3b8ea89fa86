import { assertRelation, limits, MiB } from '../../../../core/limits.js';

export const defaultSealTuning = Object.freeze({
  /** Keys derived for the incarnations of peers and kept; one more costs two derivations. */
  sealKeysKept: 1024,
  /** Incarnations that have answered a challenge. None is ever forgotten, or its old messages would count again. */
  verifiedOrigins: 65_536,
  /** Incarnations that have not answered yet; the oldest is forgotten first. */
  suspects: 16_384,
  /** A challenge without an answer within this has failed. */
  challengeTimeoutMs: 2_000,
  /**
   * Pauses between two challenges to one incarnation: the first, four times as long each time, up to the last. Long, so
   * that thousands of dead ones replayed without end leave room for those who live.
   */
  challengeRetryMs: 1_000,
  challengeRetryCapMs: 64_000,
  /** Challenges to all: so many at once, and so many in a second. */
  challengesAtOnce: 1_000,
  challengesPerSecond: 1_000,
  /** Batches that wait for their origin's answer, and their bytes: a cache, the oldest is dropped first. */
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
