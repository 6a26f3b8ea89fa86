import { assertRelation, limits, MiB } from '../core/limits.js';

export const maelstromLimits = Object.freeze({
  /** A longer line ends the node: nothing of a workload is as long. */
  lineBytes: 4 * MiB,
  /** Written and not read yet; while there is more, messages are lost, as a network may lose them. */
  unreadBytes: 64 * MiB,
  /** Requests under way; further ones are refused. */
  requests: 1_024,
  /** A compare-and-set is tried so often while others write between its reading and its writing. */
  tries: 16,
  /** Without a server that serves, one that hears nobody serves after this, in ms: the network is there from the start. */
  joinPatienceMs: 500,
});

assertRelation(
  maelstromLimits.lineBytes >= 3 * limits.payloadBytes + MiB,
  'a payload of the bus fits into a line, its quotes and whatever is not ASCII escaped',
);
