import { limits } from '../../core/limits.js';
import type { KeyRange } from '../../ports/lines.js';

/**
 * The layout in etcd, below the prefix of the store (see store-format.ts). For a key K with the escaped form E (`%` →
 * `%25`, `!` → `%21`), a version counter n and a timestamp t:
 *
 *     h K                the head: counters and the newest place; K unescaped, so that heads are in the order of keys
 *     v E ! t            the value; t in 16 digits
 *     n E ! (MAX − n)    → t; in 10 digits, newest first
 *     t E ! (MAX − t)    → n; in 16 digits, newest first
 *     p ID               the outcome of a request, for a time
 *     r                  the claim of the server that keeps the retention, for a time
 *     v E "              a mark of servers with a watch, for a time: the values of a key, or of a prefix, end before it
 *
 * etcd answers "the first from here on" in O(log n) but "the last up to here" only by reading everything, so the two
 * indexes count down: the greatest version ≤ n is the first at or after its place. E contains no `!`, so what is
 * between `E!` and `E"` (the next character) belongs to K and to no other key. Pure.
 */

export interface EtcdRange {
  readonly key: Buffer;
  /** Not included. */
  readonly range_end: Buffer;
}

const VERSION_DIGITS = 10;
const TIMESTAMP_DIGITS = 16;
const TIMESTAMP_MAX = Number.MAX_SAFE_INTEGER;
const SEPARATOR = '!';
const AFTER_SEPARATOR = '"';
const VALUE_END = new RegExp(`^${SEPARATOR}[0-9]{${String(TIMESTAMP_DIGITS)}}$`);

/** `%` → `%25`, `!` → `%21`. */
export function escapeKey(key: string): string {
  return key.replace(/[%!]/g, (found) => (found === '%' ? '%25' : '%21'));
}

/** The head of a key. */
export function headKey(key: string): Buffer {
  return Buffer.from(`h${key}`, 'utf8');
}

/** The key of a head. */
export function keyOfHead(place: Buffer): string {
  return place.toString('utf8', 1);
}

/** All heads. */
export const ALL_HEADS: EtcdRange = Object.freeze({ key: Buffer.from('h'), range_end: Buffer.from('i') });

/** All values. */
export const ALL_VALUES: EtcdRange = Object.freeze({ key: Buffer.from('v'), range_end: Buffer.from('w') });

/** Whether a place has the form of a value's: keys of other programs look different. */
export function isPlaceOfValue(place: Buffer): boolean {
  return VALUE_END.test(place.toString('latin1', place.length - TIMESTAMP_DIGITS - SEPARATOR.length));
}

/** The key and the timestamp of a value. */
export function placeOfValue(place: Buffer): { readonly key: string; readonly timestamp: number } {
  const escaped = place.toString('utf8', 1, place.length - TIMESTAMP_DIGITS - SEPARATOR.length);
  const key = escaped.replace(/%2[51]/g, (found) => (found === '%25' ? '%' : '!'));
  return { key, timestamp: lastDigits(place, TIMESTAMP_DIGITS) };
}

/** The heads of a range of keys, both ends included. */
export function headRange(from: string, to: string): EtcdRange {
  return { key: headKey(from), range_end: after(headKey(to)) };
}

/** The heads of the keys that satisfy all that is set; empty if its end is not after its beginning. */
export function headsOf({ prefix = '', from = '', to, after: last }: KeyRange): EtcdRange {
  const begun = headsBeginning(prefix);
  const starts = [begun.key, headKey(from), ...(last === undefined ? [] : [after(headKey(last))])];
  const ends = [begun.range_end, ...(to === undefined ? [] : [after(headKey(to))])];
  return {
    key: starts.reduce((one, other) => (Buffer.compare(one, other) < 0 ? other : one)),
    range_end: ends.reduce((one, other) => (Buffer.compare(one, other) > 0 ? other : one)),
  };
}

/** The heads of the keys that begin with a text, which may end with the first half of a character. */
function headsBeginning(prefix: string): EtcdRange {
  const isHalf = /[\ud800-\udbff]$/.test(prefix);
  const [least, greatest] = isHalf ? [`${prefix}\udc00`, `${prefix}\udfff`] : [prefix, prefix];
  return { key: headKey(least), range_end: following(headKey(greatest)) };
}

/** The first place that does not begin with another. No byte of UTF-8 is 255. */
function following(key: Buffer): Buffer {
  const end = Buffer.from(key);
  end[end.length - 1] = (end.at(-1) as number) + 1;
  return end;
}

/** The claim of the server that keeps the retention. */
export const RETENTION_CLAIM = Buffer.from('r');

/** The outcome of a request. */
export function requestKey(id: string): Buffer {
  return Buffer.from(`p${id}`, 'latin1');
}

/** The value of a key at a timestamp. */
export function valueKey(key: string, timestamp: number): Buffer {
  return place('v', key, fixed(timestamp, TIMESTAMP_DIGITS));
}

/** The entry of the index by version. */
export function versionKey(key: string, version: number): Buffer {
  return place('n', key, fixed(limits.version - version, VERSION_DIGITS));
}

/** The entry of the index by time. */
export function timeKey(key: string, timestamp: number): Buffer {
  return place('t', key, fixed(TIMESTAMP_MAX - timestamp, TIMESTAMP_DIGITS));
}

/** The index by version, downwards from the greatest version ≤ `version` (any number). */
export function versionsUpTo(key: string, version: number): EtcdRange {
  return { key: versionKey(key, clamp(version, limits.version)), range_end: end('n', key) };
}

/** The index by version below `version`. */
export function versionsBelow(key: string, version: number): EtcdRange {
  return { key: after(versionKey(key, version)), range_end: end('n', key) };
}

/** The index by time, downwards from the greatest timestamp ≤ `timestamp` (any number). */
export function timesUpTo(key: string, timestamp: number): EtcdRange {
  return { key: timeKey(key, clamp(timestamp, limits.timestampMs)), range_end: end('t', key) };
}

/** The index by time below `timestamp`. */
export function timesBelow(key: string, timestamp: number): EtcdRange {
  return { key: after(timeKey(key, timestamp)), range_end: end('t', key) };
}

/** The values of a key. */
export function valuesOf(key: string): EtcdRange {
  return { key: place('v', key, ''), range_end: end('v', key) };
}

/**
 * What the watch of a key, or of a prefix, looks at, and its mark within that: no value's place, so that nobody takes it
 * for one. The mark of a key is right after its values, and before those of every other key.
 */
export function watchedRange({
  key,
  prefix = '',
}: {
  readonly key?: string | undefined;
  readonly prefix?: string | undefined;
}): EtcdRange & { readonly mark: Buffer } {
  const mark = end('v', key ?? prefix);
  if (key !== undefined) return { key: place('v', key, ''), range_end: after(mark), mark };
  const first = Buffer.from(`v${escapeKey(prefix)}`, 'utf8');
  const last = first.length - 1;
  const rangeEnd = Buffer.from(first);
  // Never the last of all bytes, which UTF-8 does not have.
  rangeEnd.writeUInt8(rangeEnd.readUInt8(last) + 1, last);
  return { key: first, range_end: rangeEnd, mark };
}

/** The values of a key below a timestamp. */
export function valuesBelow(key: string, timestamp: number): EtcdRange {
  return { key: place('v', key, ''), range_end: valueKey(key, timestamp) };
}

/** All data of a key except its head. */
export function contentOf(key: string): readonly EtcdRange[] {
  return ['v', 'n', 't'].map((kind) => ({ key: place(kind, key, ''), range_end: end(kind, key) }));
}

/** The version counter that an entry of the index by version stands for. */
export function versionOfPlace(entry: Buffer): number {
  return limits.version - lastDigits(entry, VERSION_DIGITS);
}

/** The timestamp that an entry of the index by time stands for. */
export function timestampOfPlace(entry: Buffer): number {
  return TIMESTAMP_MAX - lastDigits(entry, TIMESTAMP_DIGITS);
}

function lastDigits(entry: Buffer, digits: number): number {
  return Number(entry.toString('latin1', entry.length - digits));
}

function place(kind: string, key: string, last: string): Buffer {
  return Buffer.from(`${kind}${escapeKey(key)}${SEPARATOR}${last}`, 'utf8');
}

function end(kind: string, key: string): Buffer {
  return Buffer.from(`${kind}${escapeKey(key)}${AFTER_SEPARATOR}`, 'utf8');
}

/** The smallest place after another. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

/** Versions and timestamps start at 1, so 0 stands for anything smaller. */
function clamp(value: number, greatest: number): number {
  return Math.max(0, Math.min(Math.floor(value), greatest));
}

function fixed(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
