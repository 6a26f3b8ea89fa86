import { assertRelation } from '../../core/limits.js';

/** Limits of HTTP/1.1; those that it shares with HTTP/2 are in `doors/port/limits.ts`. */
export const httpLimits = Object.freeze({
  /** Time for the header fields of a request, */
  headersMs: 10_000,
  /** and for a whole request. */
  requestMs: 30_000,
  /** How often both are checked. */
  checkMs: 1_000,
  /** A connection without a request is closed after this. */
  idleMs: 5_000,
});

assertRelation(httpLimits.headersMs <= httpLimits.requestMs, 'header fields are part of a request');
