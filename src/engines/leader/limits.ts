import { assertRelation, limits, MiB } from '../../core/limits.js';
import { mensagemLimits } from '../../wire/mensagem/limits.js';

/** Limits between the servers of a system with a leader. */
export const leaderLimits = Object.freeze({
  /** Leaders that have ever written: vectors travel whole here. Servers in memory rarely live through so many. */
  origins: limits.contextOrigins,
  /** Recent mutations kept for followers that missed them: bytes and mutations, whichever comes first. */
  logBytes: 32 * MiB,
  logMutations: 65_536,
  /** Writes that wait for the other servers, or that only the leader has; a further one is refused. */
  pendingWrites: 16_384,
  /** Mutations in flight to one follower; the rest wait in the leader's log. */
  windowMutations: 1024,
  windowBytes: 4 * MiB,
  /** The leader and a follower hear of each other at least this often. */
  pingMs: 1_000,
  /** Pauses between two attempts to reach a follower: the first, doubled up to the last, with jitter. */
  retryBaseMs: 50,
  retryCapMs: 1_000,
  /** A follower waits this much longer than the leader's own deadline for the answer to a forwarded write. */
  forwardMarginMs: 1_000,
  /** How far ahead of its own clock a leader lets the clock of an earlier one take it. */
  clockDriftMs: 60_000,
  /** Keys whose expired entries are removed at once, and the pauses after: with more to remove, and without. */
  sweepKeys: 256,
  sweepBusyMs: 50,
  sweepIdleMs: 1_000,
  /** A server that stops waits this long for the acknowledgements of writes in progress. */
  stopMs: 2_000,
});

assertRelation(
  leaderLimits.windowBytes > mensagemLimits.lineBytes && leaderLimits.windowBytes < leaderLimits.logBytes,
  'a window holds any mutation, and the log any window',
);
assertRelation(limits.commitWrites < leaderLimits.windowMutations, 'a commit fits the window of a follower');
assertRelation(
  leaderLimits.pendingWrites < leaderLimits.logMutations,
  'what waits for a follower is in the log',
);
assertRelation(mensagemLimits.silentMs > 3 * leaderLimits.pingMs, 'one late ping does not end a connection');
