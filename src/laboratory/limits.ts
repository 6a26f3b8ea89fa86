import { KiB, limits, MiB, WORST_JSON_FACTOR } from '../core/limits.js';

/** Bounds of the laboratory and its recordings. */
export const laboratoryLimits = Object.freeze({
  /** Of the text of one message in a recording. */
  bodyBytes: 64 * KiB,
  /** Of what one answer read, in a recording. */
  answerBytes: MiB,
  /** Of one recording: then it says so, and records no more. */
  events: 200_000,
  recordingBytes: 256 * MiB,
  /** The longest line: an answer, every character of it escaped. */
  lineBytes: WORST_JSON_FACTOR * (MiB + 2 * limits.keyBytes) + 64 * KiB,
  /** Servers, broker, replicas and clients with a line of life. */
  hosts: 64,
  /** A name, a topic, a type, in characters. */
  nameChars: 512,
  /** A mark that a person sets, in characters. */
  markChars: 1_000,
  /** Of one diagram: then it says how many are missing. */
  drawnEvents: 5_000,
  /** How long an observation waits for others of before it that come later, in ms. */
  holdMs: 150,
  /** How long an arrival waits for its sender to tell, in ms: then the sender never will. */
  inferMs: 1_500,
  /** Of equal messages, one that has left this long ago was lost if a later one may be meant: less than between PINGs. */
  lateMs: 900,
  /** Messages that may still arrive somewhere: an older one counts as new. */
  openMessages: 20_000,
  /** Equal ones among them: an older one counts as lost. */
  equalMessages: 256,
  /** Requests of one kind to one replica that wait for an answer. */
  openRequests: 1_000,
  /** Origins in the vector of one state. */
  vectorEntries: 8_192,
});
