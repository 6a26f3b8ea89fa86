import { assertRelation, KiB, limits, MiB } from '../../core/limits.js';

/** What bounds the gRPC doors. */
export const grpcLimits = Object.freeze({
  /** Connections of clients of gRPC at once, streams of one and of all; a further one is closed, held back, refused. */
  connections: 4096,
  streamsPerConnection: 1024,
  streams: 32_768,
  /** Watches of health at once, which nobody needs a credential for; a further one is refused. */
  healthWatches: 1024,
  /** Longest gRPC message that a door takes. */
  messageBytes: 1 * MiB,
  /** Bytes of the metadata of one gRPC call, by what HTTP/2 counts: other implementations take 8 to 16 KiB by default. */
  metadataBytes: 16 * KiB,
  /** On all connections of a server: bytes of requests that have not come in whole, of answers not taken; the oldest gives way. */
  unfinishedBytes: 128 * MiB,
  unreadBytes: 512 * MiB,
  /** Requests of one stream that wait for the engine at once, where it takes them in order. */
  requestsPerStream: 1024,
  /** A client connection is asked for a sign of life this often, and closed if none comes in time. */
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  /** Time that a drain may take before what is left is cut. */
  drainMs: 5_000,
  /**
   * Header fields of one call. A field costs a byte where it was said before, whatever it holds. Our clients send some
   * twelve, proxies between add as many again.
   */
  metadataFields: 48,
  /** Fields that HTTP/2 itself takes of one block, whoever has agreed to what: beyond, the call has no status of ours. */
  headerPairs: 64,
  /** Values of one call in all, where commas part them: the library makes an object of each. */
  metadataPieces: 96,
  /** Calls of one connection that may be refused for their form; then it is asked to go, and takes no further ones. */
  refusalsPerConnection: 8,
  /** So many of them that come at once end it with all that is open on it. */
  refusalsAtOnce: 32,
  /** What is still open on such a connection is cut after this. */
  refusedConnectionMs: 5_000,
  /** Watches of health on one connection: the whole server and each of its services. */
  watchesPerConnection: 16,
  /** After a pause of the process, a connection that does not answer a PING within this is not waited for, */
  backlogMs: 2_000,
  /** and those that were made during the pause are taken up within this. */
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
