import { limits } from '../core/limits.js';

/** What bounds replication where a broker carries less than it should. Units come last in each name. */
export const replicationLimits = Object.freeze({
  /** What a batch or a page costs beside its mutations, its seal included, where the broker's limit leaves it little room. */
  envelopeBytes: limits.sealBytes + 512,
  /** A peer that has more for us and cannot send it is asked again after a pause, doubled up to this. */
  fruitlessCapMs: 8_000,
  /** Whatever could not be sent and was not asked for within this is no longer missed by anyone. */
  oversizeMs: 20_000,
});

if (replicationLimits.oversizeMs <= 2 * replicationLimits.fruitlessCapMs) {
  throw new Error(
    'limits contradict each other: whoever misses something asks again before it counts as not missed',
  );
}
