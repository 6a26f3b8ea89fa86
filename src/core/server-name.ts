import { limits } from './limits.js';

/** Controls, and what turns the direction of a line: a name is shown on terminals and in pages beside other texts. */
const UNSHOWABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * Whether a text may be the readable name of a server: one line of 1 to `limits.serverNameUnits` UTF-16 units, without a
 * blank at its ends.
 */
export function isServerName(text: string): boolean {
  if (text === '' || text.length > limits.serverNameUnits || text !== text.trim()) return false;
  // A lone surrogate is no character, so `\p{Cs}` finds it.
  return !UNSHOWABLE.test(text) && !/\p{Cs}/u.test(text);
}

/** Whether a text may be the version of a program. */
export function isProgramVersion(text: string): boolean {
  return text.length <= limits.programVersionUnits && /^[0-9A-Za-z.+-]+$/.test(text);
}
