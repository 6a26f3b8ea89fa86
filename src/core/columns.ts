/**
 * Growing columns. A column grows by whole chunks: nothing is ever copied (a copy of a hundred megabytes would stop
 * the server for a moment) and at most one chunk is unused.
 */

const SHIFT = 14;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

type NumberArray = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** A column of numbers; an index never written reads as 0. */
export class NumberColumn<A extends NumberArray> {
  private readonly chunks: A[] = [];

  constructor(private readonly make: (length: number) => A) {}

  get(index: number): number {
    return (this.chunks[index >>> SHIFT] as A)[index & MASK] as number;
  }

  set(index: number, value: number): void {
    (this.chunks[index >>> SHIFT] as A)[index & MASK] = value;
  }

  /** Makes `index` usable. Indices are reached in ascending order. */
  reach(index: number): void {
    if (index >>> SHIFT === this.chunks.length) this.chunks.push(this.make(CHUNK));
  }
}

/** A column of strings. */
export class StringColumn {
  private readonly chunks: string[][] = [];

  get(index: number): string {
    return (this.chunks[index >>> SHIFT] as string[])[index & MASK] as string;
  }

  set(index: number, value: string): void {
    (this.chunks[index >>> SHIFT] as string[])[index & MASK] = value;
  }

  reach(index: number): void {
    if (index >>> SHIFT === this.chunks.length) this.chunks.push(new Array<string>(CHUNK).fill(''));
  }
}

export const int32Column = (): NumberColumn<Int32Array> => new NumberColumn((n) => new Int32Array(n));
export const uint32Column = (): NumberColumn<Uint32Array> => new NumberColumn((n) => new Uint32Array(n));
export const uint16Column = (): NumberColumn<Uint16Array> => new NumberColumn((n) => new Uint16Array(n));
export const uint8Column = (): NumberColumn<Uint8Array> => new NumberColumn((n) => new Uint8Array(n));
export const float64Column = (): NumberColumn<Float64Array> => new NumberColumn((n) => new Float64Array(n));
