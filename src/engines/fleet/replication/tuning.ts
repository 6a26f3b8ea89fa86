import { assertRelation, KiB, limits, MiB } from '../../../core/limits.js';
import { engineLimits } from '../../limits.js';

/** Limits that a simulation can make small: those shared with other layers, then those of replication and its journal. */
export const defaultFleetTuning = Object.freeze({
  origins: limits.origins,
  batchMutations: limits.batchMutations,
  logBatches: limits.logBatches,
  pageBytes: limits.pageBytes,
  presenceEntries: limits.presenceEntries,
  requestAgeMs: limits.requestAgeMs,
  requestSkewMs: limits.requestSkewMs,
  sessionWaiters: engineLimits.sessionWaiters,

  /** A batch is closed before its JSON exceeds this. A single larger mutation goes alone. */
  batchBytes: 256 * KiB,
  /**
   * Batches handed to the bus and not yet settled; beyond, batches grow and queue. Few, so that under load one message
   * carries what is written while another is on its way: a message costs as much as dozens of mutations.
   */
  outboxBatches: 2,
  /** Closed batches waiting for their turn; beyond, they go to the log alone and peers ask for them. */
  outboxQueuedBatches: 1024,
  outboxQueuedBytes: 16 * MiB,
  /** Recent batches kept for peers that missed them: bytes, mutations and `logBatches`, whichever comes first. */
  logBytes: 32 * MiB,
  logMutations: 65_536,
  /** Batches that wait for their causes: a cache, the oldest is dropped first. */
  heldBatches: 4096,
  heldBytes: 32 * MiB,
  /** Mutations remembered while a state is staged, for the parts that were equal and are not staged. */
  stageReplayMutations: 1_000_000,
  /** Peers remembered; the one silent for longest is forgotten first. */
  peers: 256,
  /** Presence is announced this often, ±25 %. */
  presenceIntervalMs: 2_000,
  /** A peer silent for this long is taken for gone. */
  peerSilentMs: 10_000,
  /** How long a difference of vectors may last before it is repaired: batches in flight settle it by themselves. */
  repairPatienceMs: 100,
  /** A request to a peer is given up after this. */
  requestTimeoutMs: 2_000,
  /** Where nobody serves within this, the lowest origin serves first. */
  joinPatienceMs: 2_000,
  /** A server that stops waits this long for a peer to have all that it wrote. */
  handOverMs: 3_000,
  /** A server that was joining from a peer and lost sight of everyone serves what it has after this. */
  joinGiveUpMs: 30_000,
  /** A peer that answered a request with nothing new is not asked again within this. */
  peerCooldownMs: 1_000,
  /** Repeats of one page request before the whole transfer is given up. */
  pageRetries: 2,
  /** A new peer is greeted with a presence within this, chosen at random. */
  greetingJitterMs: 50,
  /** A writer whose clock is further ahead of every peer's refuses its own writes. */
  clockDriftMs: 60_000,
  /** Requests of which a server remembers what became of them, for `requestAgeMs`. */
  requests: 100_000,
  /** An entry of an attempt that lost is removed by any server after this, with jitter, if its writer has not done so. */
  requestUndoMs: 2_000,
  /** Such entries remembered; further ones are looked for again when these are gone. */
  requestUndos: 10_000,
  /** Writes that wait for the disk; beyond, further ones are refused. */
  journalQueuedWrites: 65_536,
  journalQueuedBytes: 64 * MiB,
  /** What goes to the disk in one sync: mutations written here, and their bytes. */
  journalGroupMutations: 4096,
  journalGroupBytes: 4 * MiB,
  /** Received batches that wait for the disk; beyond, what they changed is written as state instead. */
  journalReceivedBytes: 16 * MiB,
  /** The journal's log is folded into its state when it is longer than this: what a restart must replay. */
  journalLogBytes: 16 * MiB,
  journalLogMutations: 32_768,
  /** Changed rows remembered for the state on disk; beyond, all of it is written anew. */
  journalChangedRows: 2_000_000,
  /** Rows written to the state on disk before others get their turn. */
  journalRowsPerTurn: 1_024,
  /** A disk that refused a write is tried again this often. */
  journalRetryMs: 1_000,
  /** Writes that wait for their confirmations at once; a further one is refused before it is done. */
  confirmWaiters: 65_536,
  /** Servers that have not confirmed are asked again this often, in case they missed the question or the write. */
  confirmRepeatMs: 250,
});

/** What replication and its journal obey; a simulation makes it small to reach every corner. */
export type FleetTuning = { readonly [name in keyof typeof defaultFleetTuning]: number };

const tuning: FleetTuning = defaultFleetTuning;
assertRelation(tuning.batchBytes + limits.sealBytes < limits.payloadBytes, 'a batch fits a payload');
assertRelation(
  tuning.journalGroupMutations <= tuning.batchMutations,
  'a group is kept as one batch, which must be read again',
);
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
