import type { KeyTable } from './keys.js';
import { compareCodePoints } from './text-order.js';

// Slots in one chunk: a chunk is split in two when it is full.
const CHUNK_SLOTS = 512;

/**
 * The slots of a key table in key order, for ranges. It is brought up to date incrementally when a range is asked for:
 * servers that never serve ranges pay nothing.
 */
export class OrderedKeys {
  private readonly chunks: number[][] = [[]];
  /** Slots below this are included, but for free ones and {@link reused}. */
  private indexed = 0;
  /** Slots below {@link indexed} that were used again and are not included yet. */
  private readonly reused = new Set<number>();

  constructor(private readonly keys: KeyTable) {}

  /** Includes at most `budget` new slots. Returns whether all are included now. */
  catchUp(budget: number): boolean {
    let left = budget;
    for (const slot of this.reused) {
      if (left-- <= 0) return false;
      this.reused.delete(slot);
      this.insert(slot);
    }
    const end = Math.min(this.keys.slotEnd, this.indexed + left);
    for (; this.indexed < end; this.indexed++) if (this.keys.isKept(this.indexed)) this.insert(this.indexed);
    return this.indexed === this.keys.slotEnd;
  }

  /** To be called when a key was added. */
  noteAdded(slot: number): void {
    if (slot < this.indexed) this.reused.add(slot);
  }

  /** To be called just before a key is forgotten. */
  noteForgotten(slot: number): void {
    if (slot >= this.indexed || this.reused.delete(slot)) return;
    const key = this.keys.name(slot);
    const index = this.chunkFor(key);
    const chunk = this.chunks[index] as number[];
    chunk.splice(this.positionIn(chunk, key), 1);
    if (chunk.length === 0 && this.chunks.length > 1) this.chunks.splice(index, 1);
  }

  /**
   * At most `count` slots whose keys lie between `from` and `to`, in key order.
   * @param inclusive whether `from` itself counts; `to` always does
   * @param to `undefined`: to the last key
   */
  page(from: string, inclusive: boolean, to: string | undefined, count: number): number[] {
    const found: number[] = [];
    let chunk = this.chunkFor(from);
    let at = this.positionIn(this.chunks[chunk] as number[], from);
    while (found.length < count && chunk < this.chunks.length) {
      const slots = this.chunks[chunk] as number[];
      const slot = slots[at++];
      if (slot === undefined) {
        chunk++;
        at = 0;
        continue;
      }
      const key = this.keys.name(slot);
      if (to !== undefined && compareCodePoints(key, to) > 0) return found;
      if (inclusive || key !== from) found.push(slot);
    }
    return found;
  }

  private insert(slot: number): void {
    const key = this.keys.name(slot);
    const index = this.chunkFor(key);
    const chunk = this.chunks[index] as number[];
    chunk.splice(this.positionIn(chunk, key), 0, slot);
    if (chunk.length >= CHUNK_SLOTS) this.chunks.splice(index + 1, 0, chunk.splice(CHUNK_SLOTS / 2));
  }

  /** The last chunk that begins at or before `key` (the first if none does). */
  private chunkFor(key: string): number {
    let low = 0;
    let high = this.chunks.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const first = (this.chunks[middle] as number[])[0] as number;
      if (this.keys.compareName(first, key) <= 0) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Index of the first slot of a chunk whose key is not before `key`. */
  private positionIn(chunk: readonly number[], key: string): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.keys.compareName(chunk[middle] as number, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
