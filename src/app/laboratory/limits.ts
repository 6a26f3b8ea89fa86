import { KiB, MiB } from '../../core/limits.js';

/** What bounds the faults of one server, and those who read its messages. */
export const faultLimits = Object.freeze({
  /** Shares of messages are counted in thousandths. */
  perMille: 1_000,
  /** How far a clock may be put ahead or behind. */
  clockMs: 86_400_000,
  /** Readers of messages at once; a further one is refused. */
  readers: 16,
  /** Messages that wait for one reader, and their bytes; beyond, it is ended. */
  queueMessages: 8_192,
  queueBytes: 16 * MiB,
  /** Messages that are kept for the first reader, their bytes, and for how long after the start; beyond, none is kept. */
  backlogMessages: 2_048,
  backlogBytes: 4 * MiB,
  backlogMs: 30_000,
  /** Bytes of the content of a message that a reader gets. */
  bodyBytes: 64 * KiB,
  /** Bytes of the hash by which a message is found again elsewhere. */
  digestBytes: 8,
});
