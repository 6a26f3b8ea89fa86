import { assertRelation, KiB, limits } from '../../core/limits.js';

/** Limits of the library. */
export const libraryLimits = Object.freeze({
  /** A longer batch is sent in several calls, one after the other. */
  batchPairs: 1_000,
  batchBytes: 512 * KiB,
  /** What a pair takes in a message besides key and value. */
  pairBytes: 32,
});

assertRelation(
  limits.keyBytes + limits.valueBytes + libraryLimits.pairBytes <= libraryLimits.batchBytes,
  'a legal pair fits in a batch',
);
