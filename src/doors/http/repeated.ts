import { httpLimits } from './limits.js';

/** What an answer repeats of a request: anybody chooses how long that is, and which characters it has. Pure. */
export function repeated(text: string): string {
  const visible = text.replace(/[^\x20-\x7e]/g, '\u{fffd}');
  const { repeatedChars } = httpLimits;
  return visible.length > repeatedChars ? `${visible.slice(0, repeatedChars)}…` : visible;
}
