import { hashString } from '../../core/hash.js';
import type { KeyRange } from '../../ports/lines.js';
import { partitionLimits } from './limits.js';

/**
 * Where keys lie in the cluster, and how they are spelled. A partition is the sorted set `kvs:{p}`; within it a key is K: its
 * UTF-8 bytes with 0 as 0 255, and 0 1 behind them. K of one key never begins that of another, and the order of K is the
 * order of keys by code points. See functions.lua.
 */
const { partitions, slots } = partitionLimits;

/** After every K that begins like the text before it: no byte of K is 255 but after a 0. */
const LAST = Buffer.from([255]);
const TERMINATOR = Buffer.from([0, 1]);
const ESCAPED_ZERO = Buffer.from([0, 255]);

/** The partition of a key. */
export function partitionOf(key: string): number {
  return hashString(key) & (partitions - 1);
}

/** The name of a partition's sorted set. What is between the braces decides its slot. */
export function partitionName(partition: number): string {
  return `kvs:{${partition}}`;
}

/** The name of a partition's log, a stream. */
export function logName(partition: number): string {
  return `${partitionName(partition)}log`;
}

/** The partition of a log's name; `undefined` if it is none. */
export function partitionOfLog(name: string): number | undefined {
  const [, number] = /^kvs:\{([0-9]{1,4})\}log$/.exec(name) ?? [];
  return number === undefined || Number(number) >= partitions ? undefined : Number(number);
}

/** The slot of a partition. */
export function slotOf(partition: number): number {
  return crc16(String(partition)) % slots;
}

/** K of a key. */
export function placeOfKey(key: string): Buffer {
  return Buffer.concat([escaped(key), TERMINATOR]);
}

/** The same as it is sent; mostly as text, which costs less. */
export function sentPlace(key: string): string | Buffer {
  return key.includes('\0') ? placeOfKey(key) : `${key}\0\u0001`;
}

/** Where a K ends that begins somewhere in some bytes. */
export function endOfPlace(bytes: Buffer, from: number): number {
  return bytes.indexOf(TERMINATOR, from) + TERMINATOR.length;
}

/** The key of a K. */
export function keyOfPlace(encoded: Buffer): string {
  const text = encoded.toString('utf8', 0, encoded.length - TERMINATOR.length);
  if (!text.includes('\0')) return text;
  // Byte by byte: 255 is no UTF-8.
  return Buffer.from(
    encoded.toString('latin1', 0, encoded.length - 2).replaceAll('\0\xff', '\0'),
    'latin1',
  ).toString();
}

/** Places from one, included, to another, not included; without an end: to the last. */
export interface Stretch {
  readonly from: Buffer;
  readonly to: Buffer | undefined;
}

/** The whole of a partition. */
export const EVERY_KEY: Stretch = { from: Buffer.alloc(0), to: undefined };

/** What satisfies all that is set of a range. */
export function stretchOf({ prefix = '', from, to, after }: KeyRange): Stretch {
  // A prefix may end with the first half of a character.
  const isHalf = /[\ud800-\udbff]$/.test(prefix);
  const [least, greatest] = isHalf ? [`${prefix}\udc00`, `${prefix}\udfff`] : [prefix, prefix];
  const starts = [escaped(least)];
  if (from !== undefined) starts.push(escaped(from));
  if (after !== undefined) starts.push(behind(placeOfKey(after)));
  const ends: Buffer[] = prefix === '' ? [] : [behind(escaped(greatest))];
  if (to !== undefined) ends.push(behind(placeOfKey(to)));
  return {
    from: starts.reduce((one, other) => (Buffer.compare(one, other) < 0 ? other : one)),
    to: ends.length === 0 ? undefined : ends.reduce((a, b) => (Buffer.compare(a, b) > 0 ? b : a)),
  };
}

/** Everything that is behind a K, or behind all that begins with a text. */
export function behind(encoded: Buffer): Buffer {
  return Buffer.concat([encoded, LAST]);
}

function escaped(key: string): Buffer {
  if (!key.includes('\0')) return Buffer.from(key);
  const pieces = key.split('\0').flatMap((piece) => [ESCAPED_ZERO, Buffer.from(piece)]);
  return Buffer.concat(pieces.slice(1));
}

/** CRC-16/XMODEM, as clusters use it. */
function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}
