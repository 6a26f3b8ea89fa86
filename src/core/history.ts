import type { EntryTable } from './entries.js';
import type { OrderPosition } from './record.js';

/**
 * Rows up to which a history is a short one. Its lists are as long as they must be: an array that grows by itself begins
 * with room for sixteen more, which would be most of the memory of a key.
 */
const FEW_ROWS = 16;
/** Shared, and never changed. */
const NONE: number[] = [];

/** Several entries of one key: rows of the entry table in their order, and which of them are heads. */
export class KeyHistory {
  /** Rows in the order (version, timestamp, origin, seq). */
  rows: number[] = NONE;
  /** Rows not superseded, in the order in which they came. */
  heads: number[] = NONE;
  /** Rows in the order (timestamp, origin, seq); only set if it differs from `rows`, after concurrent writes. */
  private byTime: number[] | undefined;
  /** Rows that expire, reached or not, the earliest first. */
  private expiring: number[] = NONE;
  /** The last seq of each origin among the rows, by its number; only set once it was asked for. */
  private lastSeqs: Map<number, number> | undefined;
  /** Rows that have not passed, in the order of `rows`; only set if some have. */
  private unpassed: number[] | undefined;

  constructor(private readonly entries: EntryTable) {}

  /** The history that {@link fewPlainRows} was asked of. */
  static ofPlainRows(entries: EntryTable, rows: number[]): KeyHistory {
    const history = new KeyHistory(entries);
    history.rows = rows;
    history.heads = rows.slice(-1);
    return history;
  }

  /** The rows, if they are few and nothing else is to be known: the last one is the only head, and all are visible. */
  get fewPlainRows(): readonly number[] | undefined {
    const { rows, heads, byTime } = this;
    const isPlain = byTime === undefined && this.isPlain && heads.length === 1 && heads[0] === rows.at(-1);
    return isPlain && rows.length <= FEW_ROWS ? rows : undefined;
  }

  /** Index of the first row that is not before `place`. O(log n). */
  lowerBound(place: OrderPosition): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries.compare(this.rows[middle] as number, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index after the last row whose version is ≤ `version`. O(log n). */
  afterVersion(version: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries.version(this.rows[middle] as number) <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether every row is visible to every reader, now and later. */
  get isPlain(): boolean {
    return this.expiring.length === 0 && this.unpassed === undefined;
  }

  /** The rows that have expired by `nowMs`. O(log n) and their number. */
  expired(nowMs: number): readonly number[] {
    return this.expiring.slice(0, this.afterExpiry(nowMs));
  }

  /** For the number of each origin with a row, the last seq of its rows. O(n) only after a removal. */
  get lastSeqsByOrigin(): ReadonlyMap<number, number> {
    if (this.lastSeqs) return this.lastSeqs;
    const lastSeqs = (this.lastSeqs = new Map<number, number>());
    for (const row of this.rows) this.raiseLastSeq(lastSeqs, row);
    return lastSeqs;
  }

  private raiseLastSeq(lastSeqs: Map<number, number>, row: number): void {
    const origin = this.entries.origin(row);
    lastSeqs.set(origin, Math.max(lastSeqs.get(origin) ?? 0, this.entries.seq(row)));
  }

  /** Index after the last row of {@link expiring} that expires at or before `atMs`. O(log n). */
  private afterExpiry(atMs: number): number {
    let low = 0;
    let high = this.expiring.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries.isExpired(this.expiring[middle] as number, atMs)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The rows that may be the latest value, in the order of versions. */
  get candidates(): readonly number[] {
    return this.unpassed ?? this.rows;
  }

  /** The rows that may be the newest value, and perhaps passed ones, in the order (timestamp, origin, seq). */
  get candidatesInTime(): readonly number[] {
    return this.byTime ?? this.candidates;
  }

  /** All rows in the order (timestamp, origin, seq). */
  get inTime(): readonly number[] {
    return this.byTime ?? this.rows;
  }

  /** Index after the last row of {@link inTime} with timestamp ≤ `timestamp`. O(log n). */
  afterTime(timestamp: number): number {
    const rows = this.inTime;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries.timestamp(rows[middle] as number) <= timestamp) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  insert(row: number): void {
    const last = this.rows[this.rows.length - 1];
    const place = this.entries.position(row);
    const at =
      last === undefined || this.entries.compare(last, place) < 0 ? this.rows.length : this.lowerBound(place);
    if (at < this.rows.length) this.rows.splice(at, 0, row);
    // A list that is spread and lengthened in one literal has room for sixteen more, too.
    else if (at < FEW_ROWS) this.rows = this.rows.concat([row]);
    else this.rows.push(row);
    this.insertByTime(row, at);
    if (!this.entries.superseded(row)) {
      if (this.heads.length === 0) this.heads = [row];
      else this.heads.push(row);
    }
    const expiresAt = this.entries.expiresAt(row);
    if (expiresAt !== undefined) {
      if (this.expiring.length === 0) this.expiring = [row];
      else this.expiring.splice(this.afterExpiry(expiresAt), 0, row);
    }
    if (this.lastSeqs) this.raiseLastSeq(this.lastSeqs, row);
    if (this.entries.passed(row)) this.unpassed ??= this.withoutPassed();
    else if (this.unpassed) this.insertUnpassed(this.unpassed, row);
  }

  /** To be called when rows have been marked as passed. */
  notePassed(): void {
    this.unpassed = this.withoutPassed();
  }

  private insertUnpassed(rows: number[], row: number): void {
    const last = rows[rows.length - 1];
    rows.push(row);
    if (last !== undefined && this.compareRows(last, row) > 0) rows.sort((x, y) => this.compareRows(x, y));
  }

  /** @returns `undefined` if none of the rows has passed anymore */
  private unlessAll(unpassed: number[]): number[] | undefined {
    return unpassed.length === this.rows.length ? undefined : unpassed;
  }

  private withoutPassed(): number[] {
    return this.rows.filter((row) => !this.entries.passed(row));
  }

  private compareRows(x: number, y: number): number {
    return this.entries.compare(x, this.entries.position(y));
  }

  /** Removes a row. O(log n) to find it. */
  remove(row: number): void {
    this.rows.splice(this.lowerBound(this.entries.position(row)), 1);
    this.lastSeqs = undefined;
    this.heads = this.heads.filter((head) => head !== row);
    if (this.byTime) this.byTime = this.byTime.filter((other) => other !== row);
    this.expiring = this.expiring.filter((other) => other !== row);
    if (this.unpassed) this.unpassed = this.unlessAll(this.unpassed.filter((other) => other !== row));
  }

  /** Removes rows that are the first in the order of versions; cheap if they are the first in that of time as well. */
  removeFirst(gone: ReadonlySet<number>): void {
    const stays = (row: number): boolean => !gone.has(row);
    this.rows.splice(0, gone.size);
    this.lastSeqs = undefined;
    if (this.byTime?.slice(0, gone.size).every((row) => gone.has(row))) this.byTime.splice(0, gone.size);
    else this.byTime = this.byTime?.filter(stays);
    this.heads = this.heads.filter(stays);
    if (this.expiring.length > 0) this.expiring = this.expiring.filter(stays);
    if (this.unpassed) this.unpassed = this.unlessAll(this.unpassed.filter(stays));
  }

  /** The same history without some rows. */
  without(gone: ReadonlySet<number>): KeyHistory {
    const kept = new KeyHistory(this.entries);
    const stays = (row: number): boolean => !gone.has(row);
    kept.rows = this.rows.filter(stays);
    kept.heads = this.heads.filter(stays);
    kept.byTime = this.byTime?.filter(stays);
    kept.expiring = this.expiring.filter(stays);
    kept.unpassed = this.unpassed && kept.unlessAll(this.unpassed.filter(stays));
    return kept;
  }

  /**
   * Maintains the order by time, which shares `rows` while both orders agree and is a separate list from the first
   * difference on.
   */
  private insertByTime(row: number, at: number): void {
    const { entries, rows } = this;
    if (!this.byTime) {
      const before = rows[at - 1];
      const after = rows[at + 1];
      const agrees =
        (before === undefined || entries.compareTime(before, row) < 0) &&
        (after === undefined || entries.compareTime(row, after) < 0);
      if (!agrees) this.byTime = [...rows].sort((x, y) => entries.compareTime(x, y));
      return;
    }
    let low = 0;
    let high = this.byTime.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries.compareTime(this.byTime[middle] as number, row) < 0) low = middle + 1;
      else high = middle;
    }
    this.byTime.splice(low, 0, row);
  }
}
