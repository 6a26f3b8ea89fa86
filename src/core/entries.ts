import { NO_ENTRIES, type VectorEntries } from './dot.js';
import { EntryRows } from './entry-rows.js';
import { ExpiringRows } from './expiring-rows.js';
import { mix } from './hash.js';
import type { OrderPosition } from './record.js';
import type { VersionVector } from './vector.js';

const SUPERSEDED = 1;
const PASSED = 2;
const EXPIRES = 4;
const FLAG_SALT = 0x51f15e;
const PASSED_SALT = 0x3c6ef3;
const EXPIRY_SALT = 0x1b873f;

/** All entries of a store, one row each. An entry is identified by its row; rows are reused after a removal. */
export class EntryTable {
  private readonly rows = new EntryRows();
  /** Per-key causal contexts that are not empty. Only heads, and entries that expire, have one. */
  private readonly contexts = new Map<number, VectorEntries>();
  readonly expiring = new ExpiringRows();
  private passedRows = 0;

  constructor(private readonly vector: VersionVector) {}

  /** Entries present. */
  get count(): number {
    return this.rows.count;
  }

  add(version: number, timestamp: number, origin: number, seq: number, value: string): number {
    return this.rows.add(version, timestamp, origin, seq, value);
  }

  remove(row: number): void {
    if (this.passed(row)) this.passedRows--;
    this.contexts.delete(row);
    if (this.expires(row)) this.expiring.remove(row);
    this.rows.remove(row);
  }

  value(row: number): string {
    return this.rows.value(row);
  }

  /** UTF-16 units of the value. */
  valueUnits(row: number): number {
    return this.rows.valueUnits(row);
  }

  version(row: number): number {
    return this.rows.version(row);
  }

  timestamp(row: number): number {
    return this.rows.timestamp(row);
  }

  /** The origin's number in the store's vector. */
  origin(row: number): number {
    return this.rows.origin(row);
  }

  originName(row: number): string {
    return this.vector.nameAt(this.rows.origin(row));
  }

  /** The name of an origin by its number. */
  nameOf(origin: number): string {
    return this.vector.nameAt(origin);
  }

  seq(row: number): number {
    return this.rows.seq(row);
  }

  superseded(row: number): boolean {
    return (this.rows.flags(row) & SUPERSEDED) !== 0;
  }

  /** Marks an entry as superseded, permanently, and drops its context unless it expires. */
  supersede(row: number): void {
    this.rows.setFlag(row, SUPERSEDED);
    if (!this.expires(row)) this.contexts.delete(row);
  }

  /** Entries that have passed. */
  get passedCount(): number {
    return this.passedRows;
  }

  /** Whether an expired entry hid this one and was removed since. */
  passed(row: number): boolean {
    return (this.rows.flags(row) & PASSED) !== 0;
  }

  /** Marks an entry as passed, permanently. */
  pass(row: number): void {
    if (!this.passed(row)) this.passedRows++;
    this.rows.setFlag(row, PASSED);
  }

  /** Whether the entry has an expiry, reached or not. */
  expires(row: number): boolean {
    return (this.rows.flags(row) & EXPIRES) !== 0;
  }

  /** Sets when an entry of a key expires; once, before its context is set. */
  setExpiry(row: number, slot: number, atMs: number): void {
    this.rows.setFlag(row, EXPIRES);
    this.expiring.add(row, slot, atMs);
  }

  /** Whether time may hide the entry from readers, or already has: it expires, or has passed. */
  isMarked(row: number): boolean {
    return (this.rows.flags(row) & (EXPIRES | PASSED)) !== 0;
  }

  /** When the entry expires, ms since 1970; `undefined` if never. */
  expiresAt(row: number): number | undefined {
    return this.expires(row) ? this.expiring.at(row) : undefined;
  }

  isExpired(row: number, nowMs: number): boolean {
    return (this.expiresAt(row) ?? Infinity) <= nowMs;
  }

  context(row: number): VectorEntries {
    return this.contexts.get(row) ?? NO_ENTRIES;
  }

  setContext(row: number, context: VectorEntries): void {
    if (context.length > 0) this.contexts.set(row, context);
  }

  /** Compares an entry with a position in the order (version, timestamp, origin, seq): negative if it comes before. */
  compare(row: number, place: OrderPosition): number {
    return (
      this.rows.version(row) - place.version ||
      this.rows.timestamp(row) - place.timestamp ||
      compareText(this.originName(row), place.origin) ||
      this.rows.seq(row) - place.seq
    );
  }

  /** Compares two entries in the order (timestamp, origin, seq). */
  compareTime(a: number, b: number): number {
    return (
      this.rows.timestamp(a) - this.rows.timestamp(b) ||
      compareText(this.originName(a), this.originName(b)) ||
      this.rows.seq(a) - this.rows.seq(b)
    );
  }

  position(row: number): OrderPosition {
    return {
      version: this.version(row),
      timestamp: this.timestamp(row),
      origin: this.originName(row),
      seq: this.seq(row),
    };
  }

  /** Hash of the entry under its key, without its flags. */
  hash(row: number, keyHash: number): number {
    let h = mix(keyHash, this.rows.seq(row));
    h = mix(h ^ this.vector.hashAt(this.rows.origin(row)), this.rows.timestamp(row));
    h = mix(h ^ this.rows.valueHash(row), this.rows.version(row));
    const expiresAt = this.expiresAt(row);
    return expiresAt === undefined ? h : mix(h ^ EXPIRY_SALT, expiresAt);
  }

  /** Hash of the fact that the entry is superseded. */
  flagHash(row: number, keyHash: number): number {
    return mix(keyHash ^ FLAG_SALT ^ this.vector.hashAt(this.rows.origin(row)), this.rows.seq(row));
  }

  /** Hash of the fact that the entry has passed. */
  passedHash(row: number, keyHash: number): number {
    return mix(keyHash ^ PASSED_SALT ^ this.vector.hashAt(this.rows.origin(row)), this.rows.seq(row));
  }
}

/** Order of names by UTF-16 unit: the same on every machine, whatever its language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
