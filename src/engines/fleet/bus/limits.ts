import { assertRelation, KiB, limits } from '../../../core/limits.js';

/** Limits for probing a broker's payload limit, and for reporting servers with another key. */
export const busLimits = Object.freeze({
  /** Every broker is assumed to carry payloads of this size: smaller ones are not probed. */
  assumedBytes: 1 * KiB,
  /** A larger payload that has not come back within this is probed. */
  echoPatienceMs: 1_000,
  /** A probe without an answer within this is inconclusive: the broker may be slow, or its rules forbid the topic. */
  lookMs: 5_000,
  /** A size counts as not carried after this many lost probes whose successors came back. */
  looks: 3,
  /** A message may come back this much later than its successor. */
  lookGraceMs: 200,
  /** The search ends when the interval is no wider than this, or than a 32nd of the limit. */
  precisionBytes: 256,
  /** A known limit is probed again this often. */
  recheckMs: 15_000,
  /** Where a probe costs the connection or gets no answer, the pauses double up to this. */
  recheckCapMs: 120_000,
  /** While servers with another key, or none, are heard, the log line about them is repeated this often. */
  otherKeysRepeatMs: 60_000,
  /** The condition is over when none was heard for this long (presences come every 2 s). */
  otherKeysOverMs: 10_000,
  /** While it lasts, health is updated this often. */
  otherKeysLookMs: 1_000,
});

assertRelation(busLimits.assumedBytes < limits.payloadBytes / 2, 'there is something to look into');
