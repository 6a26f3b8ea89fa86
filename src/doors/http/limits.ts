import { assertRelation, KiB, limits, MiB, WORST_JSON_FACTOR } from '../../core/limits.js';
import { portLimits } from '../port/limits.js';

/** Limits of HTTP; those that it shares with gRPC are in `doors/port/limits.ts`. */
export const httpLimits = Object.freeze({
  /** Time for the first line and the header fields of a request by HTTP/1.1, from the connection or the answer before on. */
  headersMs: 10_000,
  /**
   * From there on, a client of HTTP/1.1 that owes something (the rest of its body, reading its answer) must move this
   * many bytes within this time.
   */
  answerMs: 30_000,
  progressBytes: 64 * KiB,
  /** A connection of HTTP/1.1 that says nothing between two requests is closed after this. */
  idleMs: 5_000,
  /** Characters of a request that an answer repeats. */
  repeatedChars: 100,
  /** Longest target of a request, in bytes: path and query. */
  targetBytes: 8 * KiB,
  /** Lines of one page of a list, by default and at most. */
  pageLines: 1000,
  pageLinesMax: 10_000,
  /** A page ends before its JSON passes this, unless it has one line. */
  pageBytes: 1 * MiB,
  /** Longest line of a batch, in bytes. */
  batchLineBytes: 1 * MiB,
  /** Most bytes of a batch. Its answers are about as many, and a client may read them only once it has sent all. */
  batchBytes: 32 * MiB,
  /** Most lines of a batch. */
  batchLines: 200_000,
  /** Requests of one batch that wait for the engine at once, where the engine takes them in order. */
  batchRequests: 1024,
  /** Bytes of answers that are gathered before they are sent. */
  gatheredBytes: 16 * KiB,
  /** Event streams at once, on all connections. */
  eventStreams: 4096,
  /** Streams that feed panels at once, on all connections. */
  panelStreams: 64,
  /** A panel that takes nothing for so long is cut. */
  panelPatienceMs: 10_000,
  /** How often an event stream says that it is there. */
  heartbeatMs: 15_000,
});

assertRelation(httpLimits.idleMs <= httpLimits.headersMs, 'silence ends before slowness');
assertRelation(httpLimits.targetBytes < portLimits.headerBytes, 'a target that is too long is told so');
assertRelation(
  WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) < httpLimits.batchLineBytes,
  'a legal pair fits a line',
);
assertRelation(httpLimits.eventStreams < portLimits.streams, 'events leave room for calls');
assertRelation(httpLimits.pageLines <= httpLimits.pageLinesMax, 'the usual page is a legal one');
