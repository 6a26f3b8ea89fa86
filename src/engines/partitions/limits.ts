import { assertRelation, KiB, limits, MiB } from '../../core/limits.js';

/** Limits of the engine on Redis Cluster. */
export const partitionLimits = Object.freeze({
  /** Parts of the key space: each is one sorted set, moves between masters as a whole, and is atomic in itself. */
  partitions: 1024,
  /** Slots of a Redis Cluster. */
  slots: 16_384,
  /** Nodes of a cluster that one server knows. */
  nodes: 256,
  /** Requests without an answer at one node: beyond, further ones are refused before they are sent. */
  queuedRequests: 20_000,
  /** Calls that go to a node as one, and their bytes; batches of one kind without an answer. */
  batchCalls: 64,
  batchBytes: 256 * KiB,
  batchesUnderWay: 2,
  /** A connection that is not made within this has failed. */
  connectMs: 2_000,
  /** A node that answers nothing for so long is given up, with all that was sent to it. */
  silenceMs: 2_500,
  /** How often nodes are asked for their view of the cluster, and so whether they live. */
  viewMs: 500,
  /** Between two attempts at a node that has just refused, or that nobody has replaced yet. */
  pauseMs: 20,
  pauseMsMax: 250,
  /** Redirections that one request follows without a pause. */
  redirections: 5,
  /** Keys that one partition walks over at once, and bytes after which it stops. */
  walkKeys: 64,
  walkBytes: 64 * KiB,
  /** A walk in the order of keys has a page of every partition at once: these are smaller, and grow where all is asked. */
  mergeKeys: 4,
  mergeKeysMax: 256,
  mergeBytes: 8 * KiB,
  /** Partitions that a walk without an order or a count asks at once. */
  walkedAtOnce: 16,
  askedAtOnce: 256,
  /** Partitions whose first, small pages are asked for at once: nodes do those of many as one. */
  beginningsAtOnce: 256,
  /** Versions of a key in one page of its history. */
  historyRows: 256,
  historyBytes: MiB,
  /** Versions in one page of a copy of everything, and in the first of each partition. */
  copyRows: 256,
  copyRowsFirst: 8,
  /** How long partitions keep what is removed while somebody copies everything, and how often that is renewed. */
  holdMs: 60_000,
  holdRenewMs: 20_000,
  /** Every so often one partition is relieved of what has expired: all of them in some twenty seconds. */
  sweepMs: 20,
  /** Partitions relieved at once, and how long after something has expired: several that expire together go together. */
  sweptAtOnce: 16,
  sweepSlackMs: 50,
  /** Partitions in one stretch of a retention's walk, and keys of each. */
  retentionPartitions: 32,
  retentionKeys: 64,
  /** Requests whose key and value this server remembers, to tell whether their id is used twice. */
  rememberedRequests: 10_000,
  /** How often masters are asked how much memory they use. */
  memoryMs: 5_000,
  /** Writes that wait for replicas; beyond, further ones are refused. */
  waitingConfirmations: 10_000,
  /** How long a node waits for its replicas before it answers how many have followed. */
  confirmTurnMs: 200,
  /** How much there is is asked with this patience: it is only shown. */
  amountsMs: 5_000,
  /** Partitions of which a session's token tells the last entry of the log, and masters that it can tell. */
  sessionPlaces: 96,
  sessionStays: 32,
  /** Logs that one master is asked for at once while somebody watches, and entries of each. */
  logReadsAtOnce: 512,
  logEntries: 256,
  /** Between two turns at a master's logs. */
  logTurnMs: 2,
  /** Entries of logs that wait for their turn to be told, in bytes: beyond, no more are read. */
  logPendingBytes: 32 * MiB,
  /** Logs are followed on for so long after the last watch. */
  logLingerMs: 5_000,
  /** A watch that begins waits so long for the logs of all masters. */
  logReachMs: 10_000,
  /** Entries of one log, and their bytes, that a watch which goes on reads at once. */
  pastEntries: 64,
  pastBytes: 8 * KiB,
  /** Versions of a state that one partition tells at once. */
  presentRows: 256,
  /** Watches that read a state or the past at once; others wait for their turn. */
  watchWalks: 8,
});

const { viewMs, silenceMs, holdMs, holdRenewMs, partitions, slots } = partitionLimits;
assertRelation((partitions & (partitions - 1)) === 0, 'partitions are chosen by bits of a hash');
assertRelation(partitions <= slots, 'partitions have slots of their own');
assertRelation(viewMs * 3 < silenceMs, 'a node is asked several times before it is given up');
assertRelation(holdRenewMs * 2 < holdMs, 'what is held is renewed in time');
// `s1.`, masters, entries of logs, one character for each partition, a time.
const { sessionPlaces, sessionStays } = partitionLimits;
assertRelation(
  16 + sessionStays * (16 + 3 + 9 + 9 + 10 + 1) + sessionPlaces * (2 + 1 + 10 + 1) + partitions <=
    limits.sessionTokenBytes,
  'a session token has room for all that it may tell',
);
// The function library has them in its text, since servers of one version share it.
assertRelation(limits.requestAgeMs === 300_000 && limits.requestSkewMs === 2_000, 'functions.lua says so');
assertRelation(limits.version === 2 ** 31 - 1 && limits.entriesPerKey === 1_000_000, 'functions.lua says so');
