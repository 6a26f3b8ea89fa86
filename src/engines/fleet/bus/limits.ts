import { assertRelation, KiB, limits } from '../../../core/limits.js';

/** What bounds the probing of a broker's payload limit, and what is said of servers with another key. */
export const busLimits = Object.freeze({
  /** Every broker is assumed to carry payloads of this size: smaller ones are not probed. */
  assumedBytes: 1 * KiB,
  /** A larger payload that has not come back within this is probed. */
  echoPatienceMs: 1_000,
  /** A probe without an answer within this says nothing: the broker may be slow, or its rules forbid the topic. */
  lookMs: 5_000,
  /** A size counts as not carried after this many lost probes whose successors came back. */
  looks: 3,
  /** A message may come back this much later than its successor. */
  lookGraceMs: 200,
  /** The search ends when the interval is no wider than this, or than a 32nd of the limit. */
  precisionBytes: 256,
  /** A known limit is probed again this often; */
  recheckMs: 15_000,
  /** where that costs the connection, or brings no answer, the pauses double up to this. */
  recheckCapMs: 120_000,
  /** A log line about servers with another key, or none, is repeated this often while they are heard; */
  otherKeysRepeatMs: 60_000,
  /** the condition is over when none was heard for this long (presences come every 2 s), */
  otherKeysOverMs: 10_000,
  /** and health is derived from it anew this often. */
  otherKeysLookMs: 1_000,
});

assertRelation(busLimits.assumedBytes < limits.payloadBytes / 2, 'there is something to look into');
