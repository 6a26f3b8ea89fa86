import { limits, MiB } from '../../core/limits.js';

/** Limits and times of the consensus engine; tests make some of them small. */
export interface ConsensusTuning {
  /** One attempt at one member is given up after this. The whole call has its own deadline. */
  readonly attemptMs: number;
  /** No further attempt is started with less than this left. */
  readonly attemptMinMs: number;
  /** Pauses between two rounds over the members that all failed: the first, and the longest. */
  readonly pauseBaseMs: number;
  readonly pauseCapMs: number;
  /** Pauses after a lost race for a key: the first, and the longest. */
  readonly conflictBaseMs: number;
  readonly conflictCapMs: number;
  /** Every member is probed this often. */
  readonly pingMs: number;
  /** A watch that ended is opened again after this. */
  readonly watchRetryMs: number;
  /** The outcome of a request is remembered at least so long. */
  readonly requestAgeMs: number;
  /** How far the clocks of clients may be from those of servers. */
  readonly requestSkewMs: number;
  /** Memory for cached heads, in estimated bytes. */
  readonly cachedHeadBytes: number;
  /** Heads in one page of a walk. */
  readonly pageHeads: number;
  /** Ranges in one transaction of a walk: below the 128 operations that etcd takes by default. */
  readonly pageRanges: number;
  /** Largest answer accepted from a member: a page of the longest keys and values, with room. */
  readonly answerBytes: number;
  /** Reconnection back-off of a channel. */
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
  /**
   * Keepalive interval of a connection in use (etcd refuses less than 5 s); a connection without an answer is
   * dropped.
   */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

export const defaultConsensusTuning: ConsensusTuning = Object.freeze({
  attemptMs: 1_000,
  attemptMinMs: 200,
  pauseBaseMs: 50,
  pauseCapMs: 400,
  conflictBaseMs: 4,
  conflictCapMs: 200,
  pingMs: 1_000,
  watchRetryMs: 500,
  requestAgeMs: limits.requestAgeMs,
  requestSkewMs: limits.requestSkewMs,
  cachedHeadBytes: 32 * MiB,
  pageHeads: 200,
  pageRanges: 64,
  answerBytes: 64 * MiB,
  reconnectBaseMs: 100,
  reconnectCapMs: 1_000,
  keepaliveMs: 10_000,
  keepaliveTimeoutMs: 5_000,
});
