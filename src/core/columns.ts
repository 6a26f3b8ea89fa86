/**
 * Growing columns. A column grows by whole chunks: nothing is ever copied (a copy of a hundred megabytes would stop
 * the server for a moment) and at most one chunk is unused.
 */

const SHIFT = 14;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

type NumberArray = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** A column of numbers; an index never written reads as 0. */
export interface NumberColumn {
  get(index: number): number;
  set(index: number, value: number): void;
  /** Makes `index` usable. Indices are reached in ascending order. */
  reach(index: number): void;
}

/**
 * A class of columns for one kind of array. One class for all would meet five kinds of arrays at one place in the
 * code, which the JIT compiler gives up on: it costs the hot path several per cent.
 */
function columnClass(make: (length: number) => NumberArray): new () => NumberColumn {
  return class implements NumberColumn {
    private readonly chunks: NumberArray[] = [];

    get(index: number): number {
      return (this.chunks[index >>> SHIFT] as NumberArray)[index & MASK] as number;
    }

    set(index: number, value: number): void {
      (this.chunks[index >>> SHIFT] as NumberArray)[index & MASK] = value;
    }

    reach(index: number): void {
      if (index >>> SHIFT === this.chunks.length) this.chunks.push(make(CHUNK));
    }
  };
}

export const Int32Column = columnClass((length) => new Int32Array(length));
export const Uint32Column = columnClass((length) => new Uint32Array(length));
export const Uint16Column = columnClass((length) => new Uint16Array(length));
export const Uint8Column = columnClass((length) => new Uint8Array(length));
export const Float64Column = columnClass((length) => new Float64Array(length));

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
