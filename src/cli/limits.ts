import { KiB, limits, MiB, WORST_JSON_FACTOR } from '../core/limits.js';

/** Limits of the command line. */
export const cliLimits = Object.freeze({
  /** The file of `--config`: a few dozen options with a few lines each. */
  configFileBytes: 256 * KiB,
  /** A line of an export, from any program: key, value, and 4 KiB for the rest. */
  copyLineBytes: WORST_JSON_FACTOR * (limits.keyBytes + limits.valueBytes) + 4 * KiB,
  /** A line that `lider-cliente` reads: `PUT`, a key, a value, and blanks between them. */
  scriptLineBytes: limits.keyBytes + limits.valueBytes + KiB,
  /** Keys whose timestamp a client of the leader system remembers; it accepts no further ones. */
  leaderClientKeys: 1_000_000,
  /** Lines of the shell that are kept from one to the next; the file is shortened when it has twice as many. */
  historyLines: 500,
  /** The longest of them: keys are at most 64 KiB, and nobody types one of those. */
  historyLineChars: 4 * KiB,
  /** A file of these lines; a larger one is another file, and stays as it is. */
  historyBytes: 16 * MiB,
  /** Keys that the shell offers for one word. */
  completionKeys: 50,
  /** Servers of a demonstration: one digit, and what two processors bear. */
  demoServers: 9,
  /** How long the shell waits for keys to offer. */
  completionMs: 1_000,
});
