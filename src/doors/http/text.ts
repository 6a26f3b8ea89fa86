/** Texts in targets of requests: percent-encoded UTF-8, read strictly. Pure. */
import { isUtf8 } from 'node:buffer';

/** Characters that stand for themselves; others may come as they are too, in the bytes of their UTF-8. */
const PLAIN = /^[\x21-\x24\x26-\x7e]*$/;
const PERCENT = 0x25;

/**
 * Reads a percent-encoded text.
 * @returns `undefined` if a percent sign is followed by anything but two hex digits, or the bytes are not UTF-8: overlong
 *   forms and surrogates are none
 */
export function decodedText(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (let at = 0; at < bytes.length; at++, length++) {
    const byte = bytes[at] as number;
    if (byte !== PERCENT) {
      bytes[length] = byte;
      continue;
    }
    const high = hexDigit(bytes[at + 1]);
    const low = hexDigit(bytes[at + 2]);
    if (high === undefined || low === undefined) return undefined;
    bytes[length] = 16 * high + low;
    at += 2;
  }
  return utf8Text(bytes.subarray(0, length));
}

/** The text of these bytes, with all that they have; `undefined` if they are not UTF-8. */
export function utf8Text(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** Whether a text has a half of a surrogate pair alone, which no UTF-8 has. */
export function hasUtf8(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text) || Buffer.from(text, 'utf8').toString('utf8') === text;
}

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}
