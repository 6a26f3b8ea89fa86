import { assertRelation, KiB, limits, VECTOR_ENTRY_BYTES, WORST_JSON_FACTOR } from '../../../core/limits.js';

/** What bounds replication beside what a simulation tunes. */
export const replicationLimits = Object.freeze({
  /** Bytes of a batch or a page beside its mutations, its seal included, where the broker's limit is low. */
  envelopeBytes: limits.sealBytes + 512,
  /** A peer that has more for us and cannot send it is asked again after a pause, doubled up to this. */
  fruitlessCapMs: 8_000,
  /** Whatever could not be sent and was not asked for within this is no longer missed by anyone. */
  oversizeMs: 20_000,
  /** Origins whose last presence number is remembered; beyond, the one without news for longest is forgotten. */
  presenceNumbers: 4_096,
  /**
   * The number of an origin without news is forgotten after this: without a fleet key anybody can claim a great one in
   * another's name. Far longer than a silent peer is remembered.
   */
  presenceNumberMs: 300_000,
  /** Servers asked for their clocks at once: they answer in a round trip. */
  clockQuestions: 64,
  /** While the clock makes this server refuse writes, it looks this often whether that is over, for health and the log. */
  clockLookMs: 500,
  /** News beside which a state page may hold a single entry of any size. */
  pageNewsBytes: 160 * KiB,
});

assertRelation(
  replicationLimits.oversizeMs > 2 * replicationLimits.fruitlessCapMs,
  'whoever misses something asks again before it counts as not missed',
);
assertRelation(
  WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) +
    limits.origins * VECTOR_ENTRY_BYTES +
    replicationLimits.pageNewsBytes +
    limits.sealBytes +
    4 * KiB <=
    limits.payloadBytes,
  'the largest single mutation with the largest context must fit a payload, also sealed or beside the news of a state page',
);
