import { Float64Column, Int32Column, StringColumn, Uint32Column, Uint8Column } from './columns.js';
import { NO_ENTRIES, type VectorEntries } from './dot.js';
import { ExpiringRows } from './expiring-rows.js';
import { hashString, mix } from './hash.js';
import type { OrderPosition } from './record.js';
import type { VersionVector } from './vector.js';

const SUPERSEDED = 1;
const PASSED = 2;
const EXPIRES = 4;
const FLAG_SALT = 0x51f15e;
const PASSED_SALT = 0x3c6ef3;
const EXPIRY_SALT = 0x1b873f;

/**
 * All entries of a store, one row each, in typed columns: 25 bytes of metadata per row beside the value. An entry is
 * identified by its row; rows are reused after a removal.
 */
export class EntryTable {
  private readonly values = new StringColumn();
  private readonly versions = new Int32Column();
  private readonly timestamps = new Float64Column();
  private readonly origins = new Uint32Column();
  private readonly seqs = new Float64Column();
  private readonly flags = new Uint8Column();
  /** Per-key causal contexts that are not empty. Only heads, and entries that expire, have one. */
  private readonly contexts = new Map<number, VectorEntries>();
  readonly expiring = new ExpiringRows();
  private readonly free: number[] = [];
  private rows = 0;
  private passedRows = 0;

  constructor(private readonly vector: VersionVector) {}

  /** Entries present. */
  get count(): number {
    return this.rows - this.free.length;
  }

  add(version: number, timestamp: number, origin: number, seq: number, value: string): number {
    const row = this.free.pop() ?? this.grow();
    this.values.set(row, value);
    this.versions.set(row, version);
    this.timestamps.set(row, timestamp);
    this.origins.set(row, origin);
    this.seqs.set(row, seq);
    this.flags.set(row, 0);
    return row;
  }

  remove(row: number): void {
    if (this.passed(row)) this.passedRows--;
    this.values.set(row, '');
    this.contexts.delete(row);
    if (this.expires(row)) this.expiring.remove(row);
    this.free.push(row);
  }

  value(row: number): string {
    return this.values.get(row);
  }

  version(row: number): number {
    return this.versions.get(row);
  }

  timestamp(row: number): number {
    return this.timestamps.get(row);
  }

  /** The origin's number in the store's vector. */
  origin(row: number): number {
    return this.origins.get(row);
  }

  originName(row: number): string {
    return this.vector.nameAt(this.origins.get(row));
  }

  /** The name of an origin by its number. */
  nameOf(origin: number): string {
    return this.vector.nameAt(origin);
  }

  seq(row: number): number {
    return this.seqs.get(row);
  }

  superseded(row: number): boolean {
    return (this.flags.get(row) & SUPERSEDED) !== 0;
  }

  /** Marks an entry as superseded, permanently, and drops its context unless it expires. */
  supersede(row: number): void {
    this.flags.set(row, this.flags.get(row) | SUPERSEDED);
    if (!this.expires(row)) this.contexts.delete(row);
  }

  /** Entries that have passed. */
  get passedCount(): number {
    return this.passedRows;
  }

  /** Whether an expired entry hid this one and was removed since. */
  passed(row: number): boolean {
    return (this.flags.get(row) & PASSED) !== 0;
  }

  /** Marks an entry as passed, permanently. */
  pass(row: number): void {
    if (!this.passed(row)) this.passedRows++;
    this.flags.set(row, this.flags.get(row) | PASSED);
  }

  /** Whether the entry has an expiry, reached or not. */
  expires(row: number): boolean {
    return (this.flags.get(row) & EXPIRES) !== 0;
  }

  /** Sets when an entry of a key expires; once, before its context is set. */
  setExpiry(row: number, slot: number, atMs: number): void {
    this.flags.set(row, this.flags.get(row) | EXPIRES);
    this.expiring.add(row, slot, atMs);
  }

  /** Whether time may hide the entry from readers, or already has: it expires, or has passed. */
  isMarked(row: number): boolean {
    return (this.flags.get(row) & (EXPIRES | PASSED)) !== 0;
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
      this.versions.get(row) - place.version ||
      this.timestamps.get(row) - place.timestamp ||
      compareText(this.originName(row), place.origin) ||
      this.seqs.get(row) - place.seq
    );
  }

  /** Compares two entries in the order (timestamp, origin, seq). */
  compareTime(a: number, b: number): number {
    return (
      this.timestamps.get(a) - this.timestamps.get(b) ||
      compareText(this.originName(a), this.originName(b)) ||
      this.seqs.get(a) - this.seqs.get(b)
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
    let h = mix(keyHash, this.seqs.get(row));
    h = mix(h ^ this.vector.hashAt(this.origins.get(row)), this.timestamps.get(row));
    h = mix(h ^ hashString(this.values.get(row)), this.versions.get(row));
    const expiresAt = this.expiresAt(row);
    return expiresAt === undefined ? h : mix(h ^ EXPIRY_SALT, expiresAt);
  }

  /** Hash of the fact that the entry is superseded. */
  flagHash(row: number, keyHash: number): number {
    return mix(keyHash ^ FLAG_SALT ^ this.vector.hashAt(this.origins.get(row)), this.seqs.get(row));
  }

  /** Hash of the fact that the entry has passed. */
  passedHash(row: number, keyHash: number): number {
    return mix(keyHash ^ PASSED_SALT ^ this.vector.hashAt(this.origins.get(row)), this.seqs.get(row));
  }

  private grow(): number {
    const row = this.rows++;
    this.values.reach(row);
    this.versions.reach(row);
    this.timestamps.reach(row);
    this.origins.reach(row);
    this.seqs.reach(row);
    this.flags.reach(row);
    return row;
  }
}

/** Order of names by UTF-16 unit: the same on every machine, whatever its language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
