/**
 * Whole numbers from 0 to 2⁵³ in as few bytes as they need: seven bits in each, the lowest first, and a bit that says
 * whether more follow (LEB128).
 */

/** The eighth and last byte of the largest number counts so many. */
const LAST_SCALE = 0x80 ** 7;

/** Bytes that {@link putNumber} takes for a number. */
export function numberBytes(value: number): number {
  let bytes = 1;
  for (let most = 0x80; value >= most; most *= 0x80) bytes++;
  return bytes;
}

/** @returns where the next one begins */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[next++] = (rest & 0x7f) | 0x80;
  bytes[next++] = rest;
  return next;
}

/** @throws where no number is: past the end of `bytes` every byte would say that more follow */
export function readNumber(bytes: Uint8Array, at: number): number {
  let byte = bytes[at] as number;
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  let next = at;
  for (let scale = 0x80; scale <= LAST_SCALE; scale *= 0x80) {
    byte = bytes[++next] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  throw new Error(`no number at ${at} of ${bytes.length}`);
}

/** Where the number after the one at `at` begins. */
export function afterNumber(bytes: Uint8Array, at: number): number {
  let next = at;
  while ((bytes[next] as number) >= 0x80) next++;
  return next + 1;
}
