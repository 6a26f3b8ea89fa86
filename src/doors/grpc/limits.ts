import { assertRelation, KiB, limits, MiB } from '../../core/limits.js';

/** Limits of the gRPC doors. */
export const grpcLimits = Object.freeze({
  /** Connections at once; a further one is closed. */
  connections: 4096,
  /** Streams of one connection; a further one is held back by HTTP/2. */
  streamsPerConnection: 1024,
  /** Streams of all connections; a further one is refused. */
  streams: 32_768,
  /** Health watches at once, which need no credential; a further one makes the oldest give way. */
  healthWatches: 1024,
  /** Largest accepted gRPC message. */
  messageBytes: 1 * MiB,
  /** Bytes of the metadata of one gRPC call, as HTTP/2 counts; other implementations take 8 to 16 KiB by default. */
  metadataBytes: 16 * KiB,
  /** Bytes of incomplete requests on all connections; beyond, the oldest request gives way. */
  unfinishedBytes: 128 * MiB,
  /** Bytes of unread answers on all connections; beyond, the oldest stream gives way. */
  unreadBytes: 512 * MiB,
  /** Requests of one stream that wait for the engine at once, where the engine takes them in order. */
  requestsPerStream: 1024,
  /** A client connection gets a keepalive PING this often, and is closed if no answer comes in time. */
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  /** Time that a drain may take before the remaining calls are cut. */
  drainMs: 5_000,
  /**
   * Header fields of one call. A repeated field costs one byte on the wire, whatever its size. Our clients send some
   * twelve; proxies may add as many again.
   */
  metadataFields: 48,
  /** Fields of one block that HTTP/2 itself accepts: beyond, the call is reset without a status of ours. */
  headerPairs: 64,
  /** Values of one call in all, split at commas: the library makes an object of each. */
  metadataPieces: 96,
  /** Malformed calls of one connection before it is asked to go and gets no further ones. */
  refusalsPerConnection: 8,
  /** This many at once close the connection with all its open calls. */
  refusalsAtOnce: 32,
  /** Calls still open on such a connection are cut after this. */
  refusedConnectionMs: 5_000,
  /** Health watches on one connection: the whole server and each of its services. */
  watchesPerConnection: 16,
  /** After a pause of the process, a connection that does not answer a PING within this is no longer waited for, */
  backlogMs: 2_000,
  /** and connections made during the pause are accepted within this. */
  backlogAcceptMs: 1_000,
});

assertRelation(
  limits.sessionTokenBytes + limits.accessTokenChars + 2 * KiB <= grpcLimits.metadataBytes,
  'a call brings its session, its token and what clients say of themselves',
);
assertRelation(
  limits.keyBytes + limits.valueBytes < grpcLimits.messageBytes,
  'a legal request must reach its check',
);
assertRelation(
  grpcLimits.metadataFields <= Math.min(grpcLimits.headerPairs, grpcLimits.metadataPieces),
  'a call that may come must reach its check',
);
assertRelation(
  grpcLimits.watchesPerConnection * 16 <= grpcLimits.healthWatches,
  'one connection takes few of all watches',
);
