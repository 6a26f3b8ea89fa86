import { assertRelation, KiB, limits } from '../../../core/limits.js';

/** What bounds the way to a broker. */
export const busLimits = Object.freeze({
  /** Payloads that every broker is taken to carry: nothing smaller is looked into. */
  assumedBytes: 1 * KiB,
  /** A larger payload that has not come back within this is looked into. */
  echoPatienceMs: 1_000,
  /** A look that is not answered within this says nothing: a broker may be slow, or its rules forbid the topic. */
  lookMs: 5_000,
  /** Looks at one size of which none came back, though what was sent behind it did, before it counts as not carried. */
  looks: 3,
  /** How much later than what was sent behind it a message may come back. */
  lookGraceMs: 200,
  /** A limit is known well enough when no more than this is open, and no more than a 32nd of it. */
  precisionBytes: 256,
  /** A known limit is looked at again this often; */
  recheckMs: 15_000,
  /** where that costs the connection, or nothing is answered, the pauses double up to this. */
  recheckCapMs: 120_000,
  /** That servers of the fleet have another key, or none, is said again this often while it goes on; */
  otherKeysRepeatMs: 60_000,
  /** it is over when nothing was heard of them for so long (presences come every 2 s), */
  otherKeysOverMs: 10_000,
  /** and meanwhile health looks this often what follows from it. */
  otherKeysLookMs: 1_000,
});

assertRelation(busLimits.assumedBytes < limits.payloadBytes / 2, 'there is something to look into');
