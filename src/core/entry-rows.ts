import { Arena, RECORD_BYTES_MAX } from './arena.js';
import { Uint32Column } from './columns.js';
import { hashString, IS_WIDE } from './hash.js';
import { hashText, readText, textBytes, storeText } from './stored-text.js';
import { afterNumber, numberBytes, readNumber, putNumber } from './varint.js';

/** Flags of the record itself: the others are the caller's. */
const WIDE = 0x80;
const LARGE = 0x40;
const OWN_FLAGS = WIDE | LARGE;

/** What a record begins with, besides its flags: numbers in this order. */
const VERSION = 0;
const TIMESTAMP = 1;
const ORIGIN = 2;
const SEQ = 3;
const UNITS = 4;
const ROW = 5;
const TEXT = 6;

/**
 * The rows of an entry table: of each its numbers, six flags and its value, packed into one record outside of the
 * JavaScript heap. With small numbers and the value that is some 13 bytes beside the text, and four that say where.
 *
 * A value that is too large for the arena stays a string.
 */
export class EntryRows {
  private readonly refs = new Uint32Column();
  private readonly arena = new Arena((ref) => this.noteMoved(ref));
  private readonly large = new Map<number, string>();
  private readonly free: number[] = [];
  private rows = 0;
  /** The row that was added last, and the hash of its value, which is asked for next. */
  private hashedRow = -1;
  private hash = 0;

  /** Rows in use. */
  get count(): number {
    return this.rows - this.free.length;
  }

  /** Adds a row without flags. */
  add(version: number, timestamp: number, origin: number, seq: number, value: string): number {
    const row = this.free.pop() ?? this.grow();
    if (!this.store(row, version, timestamp, origin, seq, value, false))
      this.store(row, version, timestamp, origin, seq, value, true);
    return row;
  }

  /** @returns false if the value is wide, and was not said to be */
  private store(
    row: number,
    version: number,
    timestamp: number,
    origin: number,
    seq: number,
    value: string,
    wide: boolean,
  ): boolean {
    const headBytes =
      1 +
      numberBytes(version) +
      numberBytes(timestamp) +
      numberBytes(origin) +
      numberBytes(seq) +
      numberBytes(value.length) +
      numberBytes(row);
    const bytesOfValue = textBytes(value.length, wide);
    const isLarge = headBytes + bytesOfValue > RECORD_BYTES_MAX;
    const ref = this.arena.add(isLarge ? headBytes : headBytes + bytesOfValue);
    const bytes = this.arena.chunk(ref);
    let at = this.arena.offset(ref);
    bytes[at++] = isLarge ? LARGE : wide ? WIDE : 0;
    at = putNumber(bytes, at, version);
    at = putNumber(bytes, at, timestamp);
    at = putNumber(bytes, at, origin);
    at = putNumber(bytes, at, seq);
    at = putNumber(bytes, at, value.length);
    at = putNumber(bytes, at, row);
    const hash = isLarge ? hashString(value) : storeText(bytes, at, value, wide);
    if (hash === IS_WIDE) {
      this.arena.free(ref);
      return false;
    }
    if (isLarge) this.large.set(row, value);
    this.refs.set(row, ref);
    this.hashedRow = row;
    this.hash = hash;
    return true;
  }

  /** Removes a row; its number may be used again. */
  remove(row: number): void {
    if ((this.ownFlags(row) & LARGE) !== 0) this.large.delete(row);
    this.arena.free(this.refs.get(row));
    this.free.push(row);
  }

  version(row: number): number {
    return this.number(row, VERSION);
  }

  timestamp(row: number): number {
    return this.number(row, TIMESTAMP);
  }

  origin(row: number): number {
    return this.number(row, ORIGIN);
  }

  seq(row: number): number {
    return this.number(row, SEQ);
  }

  /** UTF-16 units of the value. */
  valueUnits(row: number): number {
    return this.number(row, UNITS);
  }

  value(row: number): string {
    const own = this.ownFlags(row);
    if ((own & LARGE) !== 0) return this.large.get(row) as string;
    const ref = this.refs.get(row);
    const bytes = this.arena.chunk(ref);
    const unitsAt = skip(bytes, this.arena.offset(ref) + 1, UNITS);
    return readText(bytes, skip(bytes, unitsAt, TEXT - UNITS), readNumber(bytes, unitsAt), own !== 0);
  }

  /** `hashString` of the value. */
  valueHash(row: number): number {
    if (row === this.hashedRow) return this.hash;
    const own = this.ownFlags(row);
    if ((own & LARGE) !== 0) return hashString(this.large.get(row) as string);
    const ref = this.refs.get(row);
    const bytes = this.arena.chunk(ref);
    const unitsAt = skip(bytes, this.arena.offset(ref) + 1, UNITS);
    return hashText(bytes, skip(bytes, unitsAt, TEXT - UNITS), readNumber(bytes, unitsAt), own !== 0);
  }

  /** The flags of a row, each a bit below 64. */
  flags(row: number): number {
    const ref = this.refs.get(row);
    return (this.arena.chunk(ref)[this.arena.offset(ref)] as number) & ~OWN_FLAGS;
  }

  setFlag(row: number, flag: number): void {
    const ref = this.refs.get(row);
    const bytes = this.arena.chunk(ref);
    const at = this.arena.offset(ref);
    bytes[at] = (bytes[at] as number) | flag;
  }

  private ownFlags(row: number): number {
    const ref = this.refs.get(row);
    return (this.arena.chunk(ref)[this.arena.offset(ref)] as number) & OWN_FLAGS;
  }

  private number(row: number, place: number): number {
    const ref = this.refs.get(row);
    const bytes = this.arena.chunk(ref);
    return readNumber(bytes, skip(bytes, this.arena.offset(ref) + 1, place));
  }

  private noteMoved(ref: number): void {
    const bytes = this.arena.chunk(ref);
    this.refs.set(readNumber(bytes, skip(bytes, this.arena.offset(ref) + 1, ROW)), ref);
  }

  private grow(): number {
    const row = this.rows++;
    this.refs.reach(row);
    return row;
  }
}

/** Where the number after so many begins. */
function skip(bytes: Uint8Array, at: number, numbers: number): number {
  let next = at;
  for (let left = numbers; left > 0; left--) next = afterNumber(bytes, next);
  return next;
}
