import { limits } from '../core/limits.js';

const KiB = 1024;

/** JSON may write each byte of a text as six characters, as in `\u0001`. */
const JSON_CHARS_PER_BYTE = 6;

/** Limits of the command line. */
export const cliLimits = Object.freeze({
  /** The file of `--config`: a few dozen options, each a few lines. */
  configFileBytes: 256 * KiB,
  /** A line of an export, as any program may write it: key, value, and 4 KiB for the rest. */
  copyLineBytes: JSON_CHARS_PER_BYTE * (limits.keyBytes + limits.valueBytes) + 4 * KiB,
  /** A line that `lider-cliente` reads: `PUT`, a key, a value, and blanks between them. */
  scriptLineBytes: limits.keyBytes + limits.valueBytes + KiB,
});
