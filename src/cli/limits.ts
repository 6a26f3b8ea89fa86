import { KiB, limits, WORST_JSON_FACTOR } from '../core/limits.js';

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
});
