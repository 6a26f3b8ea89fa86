import { assertRelation, KiB, limits, MiB } from '../../../core/limits.js';
import { engineLimits } from '../../limits.js';
import { defaultRoomLimits } from '../../room.js';
import { watchLimits } from '../../watching/limits.js';

/** Limits that a simulation can lower: those shared with other layers, then those of replication and its journal. */
export const defaultFleetTuning = Object.freeze({
  ...defaultRoomLimits,
  ...watchLimits,
  peerOrigins: limits.peerOrigins,
  batchMutations: limits.batchMutations,
  logBatches: limits.logBatches,
  pageBytes: limits.pageBytes,
  presenceEntries: limits.presenceEntries,
  requestAgeMs: limits.requestAgeMs,
  requestSkewMs: limits.requestSkewMs,
  sessionWaiters: engineLimits.sessionWaiters,

  /** A vector of more entries travels by difference, to peers that understand that. */
  wholeVectorEntries: 256,
  /** Entries of a vector by difference that are told whether they differ or not, besides those that peers announce. */
  vectorRecents: 64,
  /** The same in the opening of a state, where the vector must be that of one moment. */
  openingRecents: limits.explicitOrigins,
  /** Entries in one page of a vector by difference. */
  vectorPageEntries: limits.vectorPageEntries,
  /** A vector that is still not that of one moment after so many openings is given up, with its transfer. */
  vectorTries: 8,
  /** Digests under a key of another hour than this server's own take long: not computed more often than this. */
  foreignHourMs: 10_000,
  /** A batch is closed before its JSON exceeds this. A single larger mutation goes alone. */
  batchBytes: 256 * KiB,
  /**
   * Batches handed to the bus and not yet settled; beyond this, batches grow and queue. Few, so that under load one
   * message carries what is written while another is under way: a message costs as much as dozens of mutations.
   */
  outboxBatches: 2,
  /** Closed batches waiting for their turn; beyond this, they go only to the log, and peers ask for them. */
  outboxQueuedBatches: 1024,
  outboxQueuedBytes: 16 * MiB,
  /** Recent batches kept for peers that missed them: bytes, mutations and `logBatches`, whichever comes first. */
  logBytes: 32 * MiB,
  logMutations: 65_536,
  /** Batches that wait for their causes. A cache: the newest of the origin with the most is dropped first. */
  heldBatches: 4096,
  heldBytes: 32 * MiB,
  /** Mutations remembered while a state is staged, for the parts that were equal and are not staged. */
  stageReplayMutations: 1_000_000,
  /** Peers remembered; the one silent for longest is forgotten first. */
  peers: 256,
  /** Presence is announced this often, ±25 %. */
  presenceIntervalMs: 2_000,
  /** A peer silent for this long is considered gone. */
  peerSilentMs: 10_000,
  /** How long vectors may differ before a repair begins: batches in flight often settle the difference. */
  repairPatienceMs: 100,
  /** Timeout of a request to a peer. */
  requestTimeoutMs: 2_000,
  /** If no server serves within this, the one with the lowest origin serves first. */
  joinPatienceMs: 2_000,
  /** A stopping server waits this long for a peer to have everything that it wrote. */
  handOverMs: 3_000,
  /** A joining server that saw a serving peer and lost the broker serves what it has after this. */
  joinGiveUpMs: 30_000,
  /** A peer whose answer brought nothing new is not asked again within this. */
  peerCooldownMs: 1_000,
  /** Retries of one page request before the whole transfer is given up. */
  pageRetries: 2,
  /** A new peer is greeted with a presence after a random delay up to this. */
  greetingJitterMs: 50,
  /** A server whose clock is further ahead of every peer's than this refuses its own writes. */
  clockDriftMs: 60_000,
  /** Requests whose results a server remembers, for `requestAgeMs`. */
  requests: 100_000,
  /** Any server removes the entry of a losing attempt after this, with jitter, unless the winner has. */
  requestUndoMs: 2_000,
  /** Such entries remembered; further ones are looked for again once these are gone. */
  requestUndos: 10_000,
  /** Expired entries are looked for this often; again after `sweepTurnMs` while there are more than `sweepKeys` keys. */
  sweepIntervalMs: 1_000,
  sweepTurnMs: 10,
  /** Keys swept in one step. */
  sweepKeys: 1_024,
  /** A server that does not have the lowest origin sweeps what expired so long ago. */
  sweepPatienceMs: 10_000,
  /** A server that does not have the lowest origin does a walk of the retention this often. */
  retentionPatienceMs: 600_000,
  /** Floors are raised once more keys than this, and than those with entries, are kept for their counters alone. */
  floorEmptyKeys: 100_000,
  /** Near the limit of keys a tenth of that is enough. */
  floorManyKeys: 0.8 * engineLimits.keys,
  /** Floors are raised at least this often while there are such keys, however few; 0: only when there are many. */
  floorAfterMs: 0,
  /** Whether floors must rise is looked at this often. */
  floorIntervalMs: 5_000,
  /**
   * Parts of the key space whose floors are raised in one turn, or fewer where they have many keys, and the time between
   * such turns: a few ms of work.
   */
  floorPartsPerTurn: 8,
  floorKeysPerTurn: 8_192,
  floorTurnMs: 40,
  /**
   * A floor rises by at most so many numbers in any window: 2³¹ numbers then last for 638 years, whatever clients
   * write.
   */
  floorNumbers: 64,
  floorWindowMs: 600_000,
  /** Writes that wait for the disk; further ones are refused. */
  journalQueuedWrites: 65_536,
  journalQueuedBytes: 64 * MiB,
  /** The most that one sync writes: local mutations, and their bytes. */
  journalGroupMutations: 4096,
  journalGroupBytes: 4 * MiB,
  /** Received batches that wait for the disk; beyond this, their changes are written as state instead. */
  journalReceivedBytes: 16 * MiB,
  /** A journal's log longer than this is folded into its state. It bounds what a restart must replay. */
  journalLogBytes: 16 * MiB,
  journalLogMutations: 32_768,
  /** Changed rows remembered for the state on disk; beyond this, the whole state is rewritten. */
  journalChangedRows: 2_000_000,
  /** Rows written to the state on disk in one turn of the event loop. */
  journalRowsPerTurn: 1_024,
  /** A disk that refused a write is retried this often. */
  journalRetryMs: 1_000,
  /** Writes that may wait for confirmations at once; a further one is refused before it is applied. */
  confirmWaiters: 65_536,
  /** Servers that have not confirmed are first asked again after this: the question or the write may have been lost. */
  confirmRepeatMs: 250,
});

/** The limits and times of replication and its journal; a simulation lowers them to reach every corner case. */
export type FleetTuning = { readonly [name in keyof typeof defaultFleetTuning]: number };

const tuning: FleetTuning = defaultFleetTuning;
assertRelation(tuning.batchBytes + limits.sealBytes < limits.payloadBytes, 'a batch fits a payload');
assertRelation(
  tuning.journalGroupMutations <= tuning.batchMutations,
  'a group is kept as one batch, which must be read again',
);
assertRelation(tuning.sweepKeys <= tuning.journalGroupMutations, 'a sweep is kept as part of one batch');
assertRelation(limits.commitWrites <= tuning.journalGroupMutations, 'a commit is kept as part of one batch');
assertRelation(tuning.journalChangedRows < 2 ** 24, 'changed rows are the keys of one Map');
assertRelation(
  limits.confirmServers < tuning.peers,
  'whoever may have to confirm a write is among the peers remembered',
);
assertRelation(tuning.confirmRepeatMs < limits.confirmMs, 'who missed a question hears it again in time');
assertRelation(
  limits.sessionWaitMs < tuning.presenceIntervalMs,
  'a call that waits for its session is answered within the times of its clients',
);
assertRelation(
  tuning.peerSilentMs > 3 * tuning.presenceIntervalMs,
  'one lost presence does not make a peer gone',
);
assertRelation(
  tuning.watchResumeWaitMs > 1.25 * tuning.presenceIntervalMs,
  'before a watch starts over, every server that is there has said what it has',
);
