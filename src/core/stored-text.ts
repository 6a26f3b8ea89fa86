import { copyHashed, hashString, hashUnits } from './hash.js';
import { compareCodePoints } from './text-order.js';

/**
 * Texts as bytes: one for each UTF-16 unit if all units are below 256, else two. So a text takes what it takes in the
 * JavaScript heap, comes back quickly, and any text can be kept, whether it is well-formed or not.
 */

/** Bytes of a text of so many units. */
export function textBytes(units: number, wide: boolean): number {
  return wide ? 2 * units : units;
}

/**
 * Writes a text.
 * @returns `hashString` of it; `IS_WIDE` if it is, and was not said to be, when what was written means nothing
 */
export function storeText(bytes: Buffer, at: number, text: string, wide: boolean): number {
  if (!wide) return copyHashed(text, bytes, at);
  bytes.write(text, at, 'utf16le');
  return hashString(text);
}

export function readText(bytes: Buffer, at: number, units: number, wide: boolean): string {
  return bytes.toString(wide ? 'utf16le' : 'latin1', at, at + textBytes(units, wide));
}

/** The same as `hashString` of the text. */
export function hashText(bytes: Buffer, at: number, units: number, wide: boolean): number {
  return wide ? hashString(readText(bytes, at, units, wide)) : hashUnits(bytes, at, units);
}

export function isText(bytes: Buffer, at: number, units: number, wide: boolean, text: string): boolean {
  if (units !== text.length) return false;
  if (wide) return readText(bytes, at, units, wide) === text;
  for (let i = 0; i < units; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The same as `compareCodePoints` of the text and another. */
export function compareText(bytes: Buffer, at: number, units: number, wide: boolean, other: string): number {
  if (wide) return compareCodePoints(readText(bytes, at, units, wide), other);
  const length = Math.min(units, other.length);
  for (let i = 0; i < length; i++) {
    // Units below 256 are code points, and come before all surrogates.
    const difference = (bytes[at + i] as number) - other.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return units - other.length;
}
