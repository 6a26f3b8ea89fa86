import { assertRelation, KiB, limits, MiB } from '../../core/limits.js';

/** What Node and we hold for a call, besides header fields and messages: 8 KiB measured, and a margin. */
export const CALL_BYTES = 12 * KiB;

/** Limits of a port of HTTP/2 and HTTP/1.1, whatever is spoken on it. */
export const portLimits = Object.freeze({
  /** Connections at once; a further one is closed. */
  connections: 4096,
  /** Streams of one connection; a further one is held back by HTTP/2. */
  streamsPerConnection: 1024,
  /** Streams of all connections; a further one is refused. */
  streams: 32_768,
  /** Bytes of the header fields of one request, as HTTP/2 counts; other implementations take 8 to 16 KiB by default. */
  headerBytes: 16 * KiB,
  /**
   * Header fields of one request. A repeated field costs one byte on the wire, whatever its size. Our clients send some
   * twelve; proxies may add as many again.
   */
  headerFields: 48,
  /** Fields of one block that HTTP/2 itself accepts: beyond, the request is reset without an answer of ours. */
  headerPairs: 64,
  /** Bytes of incomplete requests on all connections; beyond, the oldest request gives way. */
  unfinishedBytes: 128 * MiB,
  /** Bytes of unread answers on all connections; beyond, the oldest stream gives way. */
  unreadBytes: 512 * MiB,
  /** A client connection gets a keepalive PING this often, and is closed if no answer comes in time. */
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  /** Time that a drain may take before the remaining calls are cut. */
  drainMs: 5_000,
  /** Malformed requests of one connection before it is asked to go and gets no further ones. */
  refusalsPerConnection: 8,
  /** This many at once close the connection with all its open calls. */
  refusalsAtOnce: 32,
  /**
   * Bytes that a connection may bring within `unclaimedMs` and that are of no request, or of one that nobody reads.
   * Honest ones are some thousand: PINGs, windows, bodies of calls that were refused. What frames cost at this rate is
   * measured in `tests/security/hostile`.
   */
  unclaimedBytes: 4 * MiB,
  unclaimedMs: 1_000,
  /** Besides header fields and body, a request brings heads of frames, windows, perhaps its reset. */
  requestFramesBytes: 64,
  /** Calls still open on such a connection are cut after this, and so is a client that leaves its ended session open. */
  refusedConnectionMs: 5_000,
  /** After a pause of the process, a connection that does not answer a PING within this is no longer waited for, */
  backlogMs: 2_000,
  /** and connections made during the pause are accepted within this. */
  backlogAcceptMs: 1_000,
});

assertRelation(
  limits.sessionTokenBytes + limits.accessTokenChars + 2 * KiB <= portLimits.headerBytes,
  'a call brings its session, its token and what clients say of themselves',
);
assertRelation(
  portLimits.headerFields <= portLimits.headerPairs,
  'a call that may come must reach its check',
);
