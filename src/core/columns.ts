/**
 * Growable columns. A column grows by whole chunks, so nothing is ever copied (copying a hundred megabytes would stall
 * the server) and at most one chunk is unused.
 */

const SHIFT = 14;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

type NumberArray = Int32Array | Uint32Array | Float64Array;

/**
 * A column of numbers; an index never written reads as 0.
 *
 * `get` and `set` are repeated in each class on purpose: the JIT compiler collects type feedback per source location,
 * and one location that sees three kinds of arrays is ten times as slow. (A function that makes the classes would be one
 * location.)
 */
abstract class NumberColumn<A extends NumberArray = NumberArray> {
  protected readonly chunks: A[] = [];

  constructor(private readonly make: (length: number) => A) {}

  abstract get(index: number): number;
  abstract set(index: number, value: number): void;

  /** Makes `index` usable. To be called with ascending indices. */
  reach(index: number): void {
    if (index >>> SHIFT === this.chunks.length) this.chunks.push(this.make(CHUNK));
  }
}

export class Int32Column extends NumberColumn<Int32Array> {
  constructor() {
    super((length) => new Int32Array(length));
  }

  get(index: number): number {
    return (this.chunks[index >>> SHIFT] as Int32Array)[index & MASK] as number;
  }

  set(index: number, value: number): void {
    (this.chunks[index >>> SHIFT] as Int32Array)[index & MASK] = value;
  }
}

export class Uint32Column extends NumberColumn<Uint32Array> {
  constructor() {
    super((length) => new Uint32Array(length));
  }

  get(index: number): number {
    return (this.chunks[index >>> SHIFT] as Uint32Array)[index & MASK] as number;
  }

  set(index: number, value: number): void {
    (this.chunks[index >>> SHIFT] as Uint32Array)[index & MASK] = value;
  }
}

export class Float64Column extends NumberColumn<Float64Array> {
  constructor() {
    super((length) => new Float64Array(length));
  }

  get(index: number): number {
    return (this.chunks[index >>> SHIFT] as Float64Array)[index & MASK] as number;
  }

  set(index: number, value: number): void {
    (this.chunks[index >>> SHIFT] as Float64Array)[index & MASK] = value;
  }
}
