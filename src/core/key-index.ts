import type { Uint32Column } from './columns.js';
import { limits } from './limits.js';
import type { TextColumn } from './text-column.js';

/** A cell that was never used ends a search. */
const FREE = 0;
/** A cell whose slot has left, or moved to the larger table, does not. */
const LEFT = -1;

const CELLS_MIN = limits.parts;
/** Bits of a hash that name the part of the key space. */
const PART_BITS = Math.log2(limits.parts);
const PART_MASK = limits.parts - 1;
/** A table is replaced once so many of its cells are used. */
const FULL = 0.5;
/** Its successor is as large if fewer cells than this have slots, since most were left, or half as large. */
const SPARSE = 0.3;
const VERY_SPARSE = 0.1;
/** Cells that are moved from a table to its successor with each change: it is empty long before the successor is full. */
const MOVED_CELLS = 16;
/** Cells that one search looks at. Chance makes longer ones rare; keys made to collide cost this much and no more. */
const PROBES_MAX = 64;

/**
 * Finds the slot of a key: an open-addressed hash table of slots with linear probing (Knuth, vol. 3, 6.4), where the keys
 * and their hashes lie in columns. It takes a third of the memory of a `Map`, and grows without standing still: a full
 * table hands its slots to its successor a few at a time.
 *
 * The bits that name the part of the key space come first in the order of cells, so the keys of a part lie together and
 * are found without lists of them.
 *
 * Anyone can make keys with equal hashes. So a search looks at a bounded number of cells; a slot that finds no place within
 * them is kept in a `Map`, whose hashes nobody can foresee.
 */
export class KeyIndex {
  private cells = new Int32Array(CELLS_MIN);
  /** Cells that are not {@link FREE}. */
  private used = 0;
  /** The table before, while its slots are moved; empty: there is none. */
  private old = new Int32Array(0);
  private moved = 0;
  /** Slots that found no place among the cells, by part and key. */
  private readonly crowded = new Map<number, Map<string, number>>();
  private crowdedCount = 0;
  private count = 0;

  /** @param names keys by slot @param hashes `hashString` of them; both are set before a slot is added */
  constructor(
    private readonly names: TextColumn,
    private readonly hashes: Uint32Column,
  ) {}

  /** Slots in it. */
  get size(): number {
    return this.count;
  }

  /** Slots that found no place among the cells. */
  get crowdedSize(): number {
    return this.crowdedCount;
  }

  /** Cells of its tables. */
  get cellCount(): number {
    return this.cells.length + this.old.length;
  }

  /** @param hash `hashString` of the key */
  find(key: string, hash: number): number | undefined {
    const { cells } = this;
    const at = this.search(cells, key, hash);
    if (at >= 0) return (cells[at] as number) - 1;
    return this.findElsewhere(key, hash);
  }

  /** The slots of a part of the key space. */
  ofPart(part: number): number[] {
    const slots = [...(this.crowded.get(part)?.values() ?? [])];
    for (const cells of [this.cells, this.old]) {
      const homes = cells.length / limits.parts;
      const end = homes === 0 ? 0 : (part + 1) * homes + PROBES_MAX;
      for (let at = part * homes; at < end; at++) {
        const cell = cells[at & (cells.length - 1)] as number;
        if (cell > FREE && partOf(this.hashes.get(cell - 1)) === part) slots.push(cell - 1);
      }
    }
    return slots;
  }

  /** Adds a slot whose key is not here. */
  add(slot: number): void {
    this.count++;
    this.step();
    this.place(slot);
  }

  /** Removes a slot, whose key must still be in its column. */
  remove(slot: number): void {
    this.count--;
    this.step();
    const key = this.names.get(slot);
    const hash = this.hashes.get(slot);
    if (this.removeCrowded(key, partOf(hash))) return;
    for (const table of [this.cells, this.old]) {
      const at = this.search(table, key, hash);
      if (at < 0) continue;
      table[at] = LEFT;
      return;
    }
    throw new Error('the slot of a key is not in the index');
  }

  private findElsewhere(key: string, hash: number): number | undefined {
    const { old } = this;
    const at = this.search(old, key, hash);
    if (at >= 0) return (old[at] as number) - 1;
    return this.crowdedCount === 0 ? undefined : this.crowded.get(partOf(hash))?.get(key);
  }

  /** @returns the cell of a key, or −1 */
  private search(cells: Int32Array, key: string, hash: number): number {
    if (cells.length === 0) return -1;
    const mask = cells.length - 1;
    const home = homeOf(hash, cells.length);
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const at = (home + probe) & mask;
      const cell = cells[at] as number;
      if (cell === FREE) return -1;
      if (cell === LEFT) continue;
      if (this.hashes.get(cell - 1) === hash && this.names.is(cell - 1, key)) return at;
    }
    return -1;
  }

  private place(slot: number): void {
    const { cells } = this;
    const mask = cells.length - 1;
    const hash = this.hashes.get(slot);
    const home = homeOf(hash, cells.length);
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const at = (home + probe) & mask;
      const cell = cells[at] as number;
      if (cell > FREE) continue;
      if (cell === FREE) this.used++;
      cells[at] = slot + 1;
      return;
    }
    this.addCrowded(this.names.get(slot), partOf(hash), slot);
  }

  private addCrowded(key: string, part: number, slot: number): void {
    const ofPart = this.crowded.get(part);
    if (ofPart) ofPart.set(key, slot);
    else this.crowded.set(part, new Map([[key, slot]]));
    this.crowdedCount++;
  }

  /** @returns whether it was there */
  private removeCrowded(key: string, part: number): boolean {
    if (this.crowdedCount === 0) return false;
    const ofPart = this.crowded.get(part);
    if (!ofPart?.delete(key)) return false;
    if (ofPart.size === 0) this.crowded.delete(part);
    this.crowdedCount--;
    return true;
  }

  /** A part of the work of replacing a table, if it is to be replaced. */
  private step(): void {
    if (this.old.length > 0) this.move(MOVED_CELLS);
    if (this.used < FULL * this.cells.length) return;
    this.move(this.old.length);
    const { cells, count } = this;
    this.old = cells;
    this.moved = 0;
    this.used = 0;
    this.cells = new Int32Array(Math.max(CELLS_MIN, cells.length * growthOf(count / cells.length)));
  }

  private move(most: number): void {
    const { old } = this;
    const end = Math.min(old.length, this.moved + most);
    for (; this.moved < end; this.moved++) {
      const cell = old[this.moved] as number;
      if (cell <= FREE) continue;
      // Not to be found here once it has left the successor.
      old[this.moved] = LEFT;
      this.place(cell - 1);
    }
    if (this.moved === old.length && old.length > 0) this.old = new Int32Array(0);
  }
}

function partOf(hash: number): number {
  return hash & PART_MASK;
}

/** Where the search for a hash begins: in the order of parts, and then of the other bits. */
function homeOf(hash: number, cells: number): number {
  return ((hash >>> PART_BITS) | (hash << (32 - PART_BITS))) >>> (1 + Math.clz32(cells));
}

function growthOf(load: number): number {
  if (load > SPARSE) return 2;
  return load > VERY_SPARSE ? 1 : 0.5;
}
