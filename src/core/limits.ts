/**
 * Limits shared by several layers; a limit of one layer is in the `limits.ts` of its folder. Each name ends with its
 * unit. Every module of limits asserts the relations between them when it loads.
 */
export const KiB = 1024;
export const MiB = 1024 * KiB;

/** Worst growth of a text in JSON: a control character becomes `\u0001`, six bytes for one. */
export const WORST_JSON_FACTOR = 6;

/** An entry of a vector in JSON: an origin of 12 characters, a seq of 16 digits, quotes, brackets and commas. */
export const VECTOR_ENTRY_BYTES = 40;

export const limits = Object.freeze({
  /** Longest key, in UTF-8 bytes. */
  keyBytes: 64 * KiB,
  /** Longest value, in UTF-8 bytes. */
  valueBytes: 64 * KiB,
  /** Shortest key and value of the kvs.KVS door, in characters, unless an option changes it (contract, section 1). */
  doorMinimumChars: 3,
  /** Entries of one key. Further local inserts are refused. */
  entriesPerKey: 1_000_000,
  /** Greatest version: the contract's int32. */
  version: 2 ** 31 - 1,
  /** Greatest timestamp accepted: the last date that ECMAScript can represent. */
  timestampMs: 8.64e15,
  /** Longest time to live of a value, 68 years: whoever needs more gives none. */
  ttlSeconds: 2 ** 31 - 1,
  /**
   * Origins that have ever written, known to one store: a server beyond this refuses its own first write. A server that
   * crashes every 2.5 s right after a write gets there in a month.
   */
  origins: 1_000_000,
  /** Peers' origins are taken up to this: they were acknowledged, and parts of a fleet may have grown apart. */
  peerOrigins: 4_000_000,
  /** Entries of a vector that travels whole: causes, contexts, and all vectors of versions that know no other way. */
  vectorEntries: 8192,
  /** Origins whose entries are told in a vector by difference, whether they differ or not: the ones that just advanced. */
  explicitOrigins: 1024,
  /** Entries in one page of a vector by difference. */
  vectorPageEntries: 65_536,
  /**
   * Origins that one mutation names: a removal of more is split, an insert that expires and would need more is refused,
   * and heads beyond them stay heads for now.
   */
  contextOrigins: 2048,
  /**
   * Origins in the per-key causal context of one insert; the dots of the heads are included beyond that, up to
   * `contextOrigins`.
   */
  contextEntries: 16,
  /** Parts of the key space, each with a rolling hash of its own. A power of two. */
  parts: 1024,

  /** Entries that one discard names: expired ones of a key, or those beyond a retention. */
  discardDots: 256,

  /** How long a server of a laboratory is cut off the others if nobody says: a lesson's experiment. */
  cutMs: 600_000,
  /** Longest such time: a server that somebody forgot is back the next day. */
  cutMsMax: 86_400_000,

  /** Rules of one retention: each key is compared with every prefix. */
  retentionRules: 100,

  /** Mutations in one batch. */
  batchMutations: 4096,
  /** Largest payload sent or accepted: the default limit of NATS, the smallest of the known brokers. */
  payloadBytes: 1 * MiB,
  /** Batches in the log of recent ones, and in one answer to a peer that missed some. */
  logBatches: 65_536,
  /**
   * A page of the log or of the state is closed before its JSON exceeds this. Large, since pages are requested one by
   * one and a broker with Nagle's algorithm on adds 40 ms to each.
   */
  pageBytes: 768 * KiB,
  /** Vector entries in a presence message. */
  presenceEntries: 64,
  /** Longest readable name of a server, and longest version of its program, in UTF-16 units. */
  serverNameUnits: 64,
  programVersionUnits: 32,

  /** How long the result of a request is remembered after its last attempt. */
  requestAgeMs: 300_000,
  /** Tolerated difference between the clocks of clients and servers when the age of a request matters. */
  requestSkewMs: 2_000,

  /** Longest session token: trailers count toward the few KiB that HTTP/2 peers allow for headers. */
  sessionTokenBytes: 4 * KiB,
  /** Longest token of a watch. */
  watchTokenBytes: 4 * KiB,
  /** A call whose session is ahead of the server waits this long for the server to catch up. */
  sessionWaitMs: 1_500,
  /** Greatest number of other servers by which a write may ask to be confirmed. */
  confirmServers: 255,
  /** How long a write waits for its confirmations, by default and at most. */
  confirmMs: 5_000,
  confirmMsMax: 60_000,

  /** Memory of an export for entries removed before it reached them; beyond, it must start again. */
  pointViewBytes: 64 * MiB,
  /** Overhead of one such entry beside its value. */
  pointViewEntryBytes: 128,

  /** A publish not acknowledged by the broker within this time is reported as not taken. */
  publishTimeoutMs: 5_000,
  /** Period of the log summaries of invalid messages and failed attempts. */
  burstLogMs: 10_000,

  /** Most bytes that a seal adds to a payload. */
  sealBytes: 256,

  /** Keys that one commit may write: each takes four operations in etcd, whose default limit is 128. */
  commitWrites: 30,
  /** Keys that one commit may guard. */
  commitGuards: 60,
  /** UTF-8 bytes of all keys and values that a commit names. */
  commitBytes: 160 * KiB,

  /** Longest payload on the portal's topics, in bytes: every portal server remembers thousands of them. */
  portalPayloadBytes: 16 * KiB,

  /** Longest access token, its name included. */
  accessTokenChars: 256,
});

/** Asserts a relation between limits. @throws Error with the reason if it does not hold */
export function assertRelation(holds: boolean, reason: string): void {
  if (!holds) throw new Error(`limits contradict each other: ${reason}`);
}

assertRelation(
  limits.presenceEntries * VECTOR_ENTRY_BYTES < limits.pageBytes,
  'a presence is a small message',
);
assertRelation(
  limits.vectorEntries * VECTOR_ENTRY_BYTES < limits.payloadBytes / 2,
  'a request carries a whole vector',
);
assertRelation(limits.pageBytes + limits.sealBytes < limits.payloadBytes, 'a page fits a payload');
assertRelation(
  limits.peerOrigins >= 4 * limits.origins,
  'what peers acknowledged is taken, also where parts of a fleet grew apart',
);
// Names of origins are found in a table of at most twice as many slots, and their bytes through 32-bit positions.
assertRelation(2 * limits.peerOrigins < 2 ** 31 && limits.peerOrigins * 65 < 2 ** 32, 'origins have numbers');
assertRelation((limits.parts & (limits.parts - 1)) === 0, 'parts are chosen by bits of a hash');
assertRelation(limits.confirmMs <= limits.confirmMsMax, 'the usual wait for confirmations is a legal one');
assertRelation(limits.keyBytes + limits.valueBytes <= limits.commitBytes, 'a commit holds any single write');
