/** Writes protobuf by hand: first the sizes, then the bytes into one buffer. Omits blank fields, as proto3 does. */

/** Bytes of a whole number from 0 to 2⁵³−1 as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let rest = value / 2 ** 35; rest >= 1; rest /= 0x80) size++;
  return size;
}

/** Writes a varint, 0 … 2⁵³−1, at `at`; returns the position after it. */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value;
  while (rest > 0x7fffffff) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Bytes of a field that holds `size` bytes of text, with its tag (of one byte). */
export function textSize(size: number): number {
  return size === 0 ? 0 : 1 + varintSize(size) + size;
}

/** Bytes of a field that holds a number, with its tag (of one byte). */
export function numberSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

/** Writes a field of text whose UTF-8 has `size` bytes; returns the position after it. */
export function writeText(bytes: Buffer, at: number, tag: number, text: string, size: number): number {
  if (size === 0) return at;
  bytes[at] = tag;
  const start = writeVarint(bytes, at + 1, size);
  // As many bytes as characters: all ASCII, which is written a third faster so.
  return start + bytes.write(text, start, size, size === text.length ? 'latin1' : 'utf8');
}

/** Writes a field that holds a number; returns the position after it. */
export function writeNumber(bytes: Buffer, at: number, tag: number, value: number): number {
  if (value === 0) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}
