import { assertRelation, KiB, limits, MiB } from '../../core/limits.js';

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
  /** How much the replicas hold is asked with this patience: it is only shown. */
  amountsMs: 2_000,
});

/** Limits on the watches of one server. */
export const replicaWatchLimits = Object.freeze({
  /** Watches open at once; a further one is refused. */
  watches: 10_000,
  /** Changes that wait for one reader, and for all, in bytes: beyond, the replicas keep them until the reader has read. */
  queueBytes: 2 * MiB,
  allQueueBytes: 64 * MiB,
  /** What a change takes besides its key and values. */
  changeBytes: 300,
  /** Changes, and rows of a state, that are made ready for a reader at once, and the bytes of changes. */
  readyAtOnce: 64,
  readyBytes: 256 * KiB,
  /** A quiet watch that has not heard from the replicas for so long asks for a mark: they keep the past for 10 min. */
  staleMs: 300_000,
  /** Marks stay at least so long. */
  markMs: 60_000,
});

/** Limits on values that expire. */
export const expiryLimits = Object.freeze({
  /** Versions with a time to live that a head names; older ones count as expired for what they hide. */
  markedVersions: 8,
  /** Expired versions removed by one transaction: three operations each. */
  removedAtOnce: 40,
  /** Entries of an index read at once where the first ones have expired. */
  indexEntries: 200,
  /** Versions under one lease: etcd removes all of them in one step when it ends. */
  entriesPerLease: 1_000,
  /** The ends of leases are a time to live divided by this apart. */
  leaseParts: 32,
  /** A lease outlasts its versions by this: readers tell by the version when it is over. */
  leaseSlackMs: 10_000,
  /** Leases for versions with a time to live that one server holds: etcd keeps each in the memory of every member. */
  leases: 10_000,
});

/** Comparisons or operations in one transaction: the default of etcd. */
export const OPERATIONS_MAX = 128;

/**
 * Requests of several calls that go to the replicas as one. While few are on their way, each goes by itself and at once.
 */
export const groupLimits = Object.freeze({
  /** Groups of reads, and of writes, on their way at once; what comes meanwhile goes with the next. */
  underWay: 4,
  /** Requests in a group, and their bytes. */
  requests: 32,
  bytes: 256 * KiB,
  /** A request with more operations, comparisons or bytes goes by itself. */
  operations: 16,
  requestBytes: 16 * KiB,
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

assertRelation(
  consensusLimits.retentionHeads * 2 <= OPERATIONS_MAX,
  'a stretch must fit a transaction of etcd',
);
assertRelation(
  expiryLimits.removedAtOnce * 3 <= OPERATIONS_MAX,
  'expired versions are removed by one transaction of etcd',
);
assertRelation(
  replicaWatchLimits.readyAtOnce <= OPERATIONS_MAX,
  'the heads of as many keys are read in one transaction of etcd',
);
assertRelation(
  groupLimits.requests + groupLimits.operations <= OPERATIONS_MAX,
  'etcd takes the operations of a group and the most of a transaction within it together',
);
assertRelation(limits.commitWrites * 4 + 4 <= OPERATIONS_MAX, 'a commit must fit a transaction of etcd');
