import { Arena, NO_RECORD, RECORD_BYTES_MAX } from './arena.js';
import { Uint32Column } from './columns.js';
import { IS_WIDE } from './hash.js';
import { compareCodePoints } from './text-order.js';
import { compareText, isText, readText, textBytes, storeText } from './stored-text.js';
import { afterNumber, numberBytes, readNumber, putNumber } from './varint.js';

/**
 * A growable column of texts, which lie outside of the JavaScript heap; an index never written reads as the empty text.
 *
 * A record is the index of its text, the number of units and whether they are wide, and the text. One that is too large
 * for the arena stays a string.
 */
export class TextColumn {
  private readonly refs = new Uint32Column();
  private readonly arena = new Arena((ref) => this.noteMoved(ref));
  private readonly large = new Map<number, string>();

  /** Makes `index` usable. To be called with ascending indices. */
  reach(index: number): void {
    this.refs.reach(index);
  }

  get(index: number): string {
    const ref = this.refs.get(index);
    if (ref === NO_RECORD) return this.large.get(index) ?? '';
    const { bytes, at, units, wide } = this.text(ref);
    return readText(bytes, at, units, wide);
  }

  set(index: number, text: string): void {
    this.clear(index);
    if (text !== '' && !this.store(index, text, false)) this.store(index, text, true);
  }

  /** @returns false if the text is wide, and was not said to be */
  private store(index: number, text: string, wide: boolean): boolean {
    const shape = shapeOf(text.length, wide);
    const recordBytes = numberBytes(index) + numberBytes(shape) + textBytes(text.length, wide);
    if (recordBytes > RECORD_BYTES_MAX) {
      this.large.set(index, text);
      return true;
    }
    const ref = this.arena.add(recordBytes);
    const bytes = this.arena.chunk(ref);
    const at = putNumber(bytes, putNumber(bytes, this.arena.offset(ref), index), shape);
    if (storeText(bytes, at, text, wide) === IS_WIDE) {
      this.arena.free(ref);
      return false;
    }
    this.refs.set(index, ref);
    return true;
  }

  /** Units of a text. */
  length(index: number): number {
    const ref = this.refs.get(index);
    return ref === NO_RECORD ? (this.large.get(index)?.length ?? 0) : this.text(ref).units;
  }

  /** Whether a text is this one. */
  is(index: number, text: string): boolean {
    const ref = this.refs.get(index);
    if (ref === NO_RECORD) return this.get(index) === text;
    const { bytes, at, units, wide } = this.text(ref);
    return isText(bytes, at, units, wide, text);
  }

  /** Compares a text with another by code points: negative if it comes before. */
  compare(index: number, other: string): number {
    const ref = this.refs.get(index);
    if (ref === NO_RECORD) return compareCodePoints(this.get(index), other);
    const { bytes, at, units, wide } = this.text(ref);
    return compareText(bytes, at, units, wide, other);
  }

  private clear(index: number): void {
    const ref = this.refs.get(index);
    if (ref === NO_RECORD) {
      this.large.delete(index);
      return;
    }
    this.refs.set(index, NO_RECORD);
    this.arena.free(ref);
  }

  private noteMoved(ref: number): void {
    this.refs.set(readNumber(this.arena.chunk(ref), this.arena.offset(ref)), ref);
  }

  /** Where the text of a record is. */
  private text(ref: number): { bytes: Buffer; at: number; units: number; wide: boolean } {
    const bytes = this.arena.chunk(ref);
    const shapeAt = afterNumber(bytes, this.arena.offset(ref));
    const shape = readNumber(bytes, shapeAt);
    return { bytes, at: afterNumber(bytes, shapeAt), units: shape >>> 1, wide: (shape & 1) !== 0 };
  }
}

/** Units of a text and whether they are wide, in one number. */
function shapeOf(units: number, wide: boolean): number {
  return 2 * units + (wide ? 1 : 0);
}
