/**
 * Limits that several layers share. What bounds one layer alone stands in the `limits.ts` of its folder. Units come last
 * in each name; every module of limits asserts how they depend on each other when it loads.
 */
export const KiB = 1024;
export const MiB = 1024 * KiB;

/** JSON writes a control character as `\u0001`: six bytes for one. */
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
  /** Entries of one key. Local inserts are refused beyond. */
  entriesPerKey: 1_000_000,
  /** Greatest version: the contract's int32. */
  version: 2 ** 31 - 1,
  /** Greatest timestamp that is accepted from anyone: the last date that ECMAScript can express. */
  timestampMs: 8.64e15,
  /**
   * Incarnations of servers that have ever written, known to one store. A further one refuses its own writes, and a
   * peer's batch of one is not applied.
   */
  origins: 2048,
  /** Entries of a vector on the wire: fleets that grew apart may together know more origins than each may. */
  vectorEntries: 8192,
  /** Origins in the per-key causal context of one insert; the dots of the heads are always in, whatever their number. */
  contextEntries: 16,
  /** Parts of the key space, each with a rolling hash of its own. A power of two. */
  parts: 1024,

  /** Mutations in one batch. */
  batchMutations: 4096,
  /** Largest payload that is sent or accepted: what NATS takes by default, the least of the known brokers. */
  payloadBytes: 1 * MiB,
  /** Batches in the log of recent ones, and in one answer to a peer that missed some. */
  logBatches: 65_536,
  /**
   * A page of the log or of the state is closed before its JSON exceeds this. Large, since pages are pulled one by one
   * and a broker that does not switch off Nagle's algorithm adds 40 ms to each.
   */
  pageBytes: 768 * KiB,
  /** Vector entries in a presence message. */
  presenceEntries: 64,

  /** What became of a request is remembered for so long after it was last heard of. */
  requestAgeMs: 300_000,
  /** How far the clocks of clients may be from those of servers, where the age of a request decides. */
  requestSkewMs: 2_000,

  /** Longest session token: trailers share the few KiB that HTTP/2 peers allow for headers. */
  sessionTokenBytes: 4 * KiB,
  /** A call whose session is ahead of the server waits this long for the server to catch up. */
  sessionWaitMs: 1_500,
  /** Most other servers that a write may ask to be confirmed by. */
  confirmServers: 255,
  /** How long a write waits for its confirmations if its caller does not say, and at most. */
  confirmMs: 5_000,
  confirmMsMax: 60_000,

  /** What an export remembers of entries removed before it reached them: beyond, it must begin again. */
  pointViewBytes: 64 * MiB,
  /** What one such entry costs beside its value. */
  pointViewEntryBytes: 128,

  /** A publish that the broker has not acknowledged within this is reported as not taken. */
  publishTimeoutMs: 5_000,
  /** Invalid messages and failed attempts are summed up this often while they last. */
  burstLogMs: 10_000,

  /** What a seal adds to a payload, at most. */
  sealBytes: 256,

  /** Keys that one commit of an engine may write: each is four operations in etcd, which takes 128 by default. */
  commitWrites: 30,
  /** Keys that one commit may guard. */
  commitGuards: 60,
  /** UTF-8 bytes of all keys and values that a commit names. */
  commitBytes: 160 * KiB,

  /** Longest payload on the portal's topics, in bytes: every portal server remembers thousands of them. */
  portalPayloadBytes: 16 * KiB,

  /** Longest token, with its name. */
  accessTokenChars: 256,
});

/** Asserts how limits depend on each other. @throws Error with the reason, if they do not */
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
assertRelation((limits.parts & (limits.parts - 1)) === 0, 'parts are chosen by bits of a hash');
assertRelation(limits.confirmMs <= limits.confirmMsMax, 'the usual wait for confirmations is a legal one');
assertRelation(limits.keyBytes + limits.valueBytes <= limits.commitBytes, 'a commit holds any single write');
