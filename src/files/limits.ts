import { MiB } from '../core/limits.js';

/** Limits of a folder whose files are kept in memory, to be sent to browsers. */
export const staticLimits = Object.freeze({
  files: 256,
  /** With their compressed forms. */
  bytes: 8 * MiB,
});
