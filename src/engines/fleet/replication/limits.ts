import { assertRelation, KiB, limits, VECTOR_ENTRY_BYTES, WORST_JSON_FACTOR } from '../../../core/limits.js';

/** Limits of replication that a simulation does not tune. */
export const replicationLimits = Object.freeze({
  /**
   * What this version understands: 2 adds mutations that expire, discard and raise floors, and vectors by difference.
   */
  level: 2,
  /** The warning that an older peer will soon not catch up any more is repeated this often. */
  oldPeersRepeatMs: 600_000,
  /**
   * Origins digested ahead with each presence under the key of this hour and of the next: some milliseconds of work.
   */
  originsDigested: 16_384,
  /** Bytes of a batch or a page besides its mutations, including its seal; matters where the broker's limit is low. */
  envelopeBytes: limits.sealBytes + 512,
  /** A peer that has more for us but cannot send it is asked again after a pause, doubled up to this. */
  fruitlessCapMs: 8_000,
  /** What could not be sent and was not asked for again within this counts as no longer missed by anyone. */
  oversizeMs: 20_000,
  /** Origins whose last presence number is remembered; beyond this, the one without news for longest is forgotten. */
  presenceNumbers: 4_096,
  /** How often it is passed on that somebody looks at a server: so far from it whoever hears only others still answers. */
  looksPassed: 3,
  /** Servers whose readable names are remembered; beyond this, the one silent for longest is forgotten. */
  serverNames: 4_096,
  /** Servers that left which are remembered, and for how long: for people who look at the fleet. */
  departures: 32,
  departureMs: 600_000,
  /** Origins that are remembered of what a peer announced since it last agreed, and whose stable seqs are remembered. */
  originsRemembered: 1_024,
  /** Copies of the vector, at moments when peers agreed with it, and the time between two of them. */
  vectorCopies: 4,
  vectorCopyMs: 1_000,
  /**
   * The presence number of an origin without news is forgotten after this, because without a fleet key anybody can
   * announce a huge one in its name. Far longer than a silent peer is remembered.
   */
  presenceNumberMs: 300_000,
  /** Servers asked for their clocks at the same time. They answer within a round trip. */
  clockQuestions: 64,
  /** While this server refuses writes because of its clock, it checks this often whether that is over (health, log). */
  clockLookMs: 500,
  /** Bytes of new batches up to which a state page may also hold a single entry of any size. */
  pageNewsBytes: 160 * KiB,
});

assertRelation(
  replicationLimits.oversizeMs > 2 * replicationLimits.fruitlessCapMs,
  'whoever misses something asks again before it counts as not missed',
);
assertRelation(
  WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) +
    limits.contextOrigins * VECTOR_ENTRY_BYTES +
    replicationLimits.pageNewsBytes +
    limits.sealBytes +
    4 * KiB <=
    limits.payloadBytes,
  'the largest single mutation with the largest context must fit a payload, also sealed or beside the news of a state page',
);
