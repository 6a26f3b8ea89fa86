import { Arena } from './arena.js';
import type { EntryTable } from './entries.js';
import { KeyHistory } from './history.js';
import { afterNumber, numberBytes, readNumber, putNumber } from './varint.js';

const NONE = -1;

/**
 * The histories of keys with several entries, by number.
 *
 * Most have few rows and nothing to say but their order. Of such a one only the rows are kept, packed outside of the
 * JavaScript heap, and whoever asks is given an object made of them. So a history that was changed must be {@link set}.
 */
export class Histories {
  /** Histories, and references of packed ones. */
  private readonly kept: (KeyHistory | number | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly arena: Arena = new Arena((ref) => {
    this.kept[readNumber(this.arena.chunk(ref), this.arena.offset(ref))] = ref;
  });

  /** The one that was asked for last: a write asks for the same several times. */
  private recent: KeyHistory | undefined;
  private recentNumber = NONE;

  constructor(private readonly entries: EntryTable) {}

  get(number: number): KeyHistory | undefined {
    if (number === this.recentNumber) return this.recent;
    const kept = this.kept[number];
    const history = typeof kept === 'number' ? this.unpack(kept) : kept;
    this.recentNumber = number;
    return (this.recent = history);
  }

  /** @returns its number */
  add(history: KeyHistory): number {
    const number = this.free.pop() ?? this.kept.length;
    this.kept[number] = this.pack(number, history);
    return number;
  }

  /** To be called after every change of a history. */
  set(number: number, history: KeyHistory): void {
    this.release(number);
    this.kept[number] = this.pack(number, history);
    if (number === this.recentNumber) this.recent = history;
  }

  remove(number: number): void {
    this.release(number);
    this.free.push(number);
    if (number === this.recentNumber) this.recentNumber = NONE;
  }

  private release(number: number): void {
    const kept = this.kept[number];
    this.kept[number] = undefined;
    if (typeof kept === 'number') this.arena.free(kept);
  }

  /** A record is its number, how many rows there are, and the rows. */
  private pack(number: number, history: KeyHistory): KeyHistory | number {
    const rows = history.fewPlainRows;
    if (rows === undefined) return history;
    let recordBytes = numberBytes(number) + 1;
    for (const row of rows) recordBytes += numberBytes(row);
    const ref = this.arena.add(recordBytes);
    const bytes = this.arena.chunk(ref);
    let at = putNumber(bytes, this.arena.offset(ref), number);
    bytes[at++] = rows.length;
    for (const row of rows) at = putNumber(bytes, at, row);
    return ref;
  }

  private unpack(ref: number): KeyHistory {
    const bytes = this.arena.chunk(ref);
    let at = afterNumber(bytes, this.arena.offset(ref));
    const rows = new Array<number>(bytes[at++] as number);
    for (let i = 0; i < rows.length; i++, at = afterNumber(bytes, at)) rows[i] = readNumber(bytes, at);
    return KeyHistory.ofPlainRows(this.entries, rows);
  }
}
