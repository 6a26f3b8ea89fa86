import { assertRelation } from '../../core/limits.js';

/** Limits of HTTP/1.1; those that it shares with HTTP/2 are in `doors/port/limits.ts`. */
export const httpLimits = Object.freeze({
  /** Time for the first line and the header fields of a request, from the connection or the answer before on; */
  headersMs: 10_000,
  /** and from there to the end of the answer, which a client may not read. */
  answerMs: 30_000,
  /** A connection that says nothing between two requests is closed after this. */
  idleMs: 5_000,
  /** Characters of a request that an answer repeats. */
  repeatedChars: 100,
});

assertRelation(httpLimits.idleMs <= httpLimits.headersMs, 'silence ends before slowness');
