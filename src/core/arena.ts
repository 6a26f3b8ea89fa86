const CHUNK_BYTES = 64 * 1024;
/** Sizes of cells, and where they begin, are multiples of this. */
const UNIT_BYTES = 2;
const OFFSET_BITS = 15;
const OFFSET_MASK = (1 << OFFSET_BITS) - 1;
/** Eight GiB: more cannot be told by 32 bits. */
const CHUNKS_MAX = 2 ** (32 - OFFSET_BITS);
/** Up to this there is a size of cell for every multiple of the unit, beyond it eight for each doubling. */
const FINE_BYTES = 128;
const SIZES_PER_DOUBLING = 8;

/** The largest record; at most an eighth of a chunk is left over at its end. */
export const RECORD_BYTES_MAX = 8 * 1024;
/** No record has this reference. */
export const NO_RECORD = 0;

/** The cells of one size: all in use but those at the end of the last chunk. */
class Pool {
  /** Numbers of its chunks. */
  readonly chunks: number[] = [];
  /** Where the cells of a full chunk end. */
  readonly fullBytes: number;
  /** Where those of the last chunk end. */
  endBytes: number;

  constructor(readonly cellBytes: number) {
    this.fullBytes = CHUNK_BYTES - (CHUNK_BYTES % cellBytes);
    this.endBytes = this.fullBytes;
  }
}

/**
 * Memory for many small records outside of the JavaScript heap, where the garbage collector neither looks at them nor
 * moves them. A record is named by a number, its reference.
 *
 * Records of about one size share chunks, and there are no holes: when a record is freed, the last one of its size moves
 * into its place. So freeing costs one copy of at most {@link RECORD_BYTES_MAX}, nothing is ever compacted, and whatever
 * was freed, the memory in use is that of the records and at most 13 % for the sizes between, 13 % at the ends of chunks,
 * and one chunk for each size. Small records waste a byte at most.
 */
export class Arena {
  /** Number 0 is no chunk, so that {@link NO_RECORD} is no reference. */
  private readonly chunks: (Buffer | undefined)[] = [undefined];
  private readonly pools: (Pool | undefined)[] = [];
  private readonly poolOfChunk: (Pool | undefined)[] = [undefined];
  private readonly freeNumbers: number[] = [];
  /** One empty chunk is kept, for records that come and go at the edge of a chunk. */
  private spare: Buffer | undefined;
  private inUse = 0;

  /** @param moved called when a record has moved: its owner has to take note of the new reference */
  constructor(private readonly moved: (ref: number) => void) {}

  /** Memory of all chunks. */
  get chunkBytes(): number {
    return (this.inUse + (this.spare ? 1 : 0)) * CHUNK_BYTES;
  }

  /** Adds a record, to be written by the caller. References of others stay as they are. */
  add(bytes: number): number {
    const index = indexOfSize(bytes);
    const pool = (this.pools[index] ??= new Pool(sizeAt(index)));
    if (pool.endBytes === pool.fullBytes) this.extend(pool);
    const at = pool.endBytes;
    pool.endBytes += pool.cellBytes;
    return refOf(pool.chunks[pool.chunks.length - 1] as number, at);
  }

  /** The memory that a record lies in, good until one is freed. */
  chunk(ref: number): Buffer {
    return this.chunks[ref >>> OFFSET_BITS] as Buffer;
  }

  /** Where it begins there. */
  offset(ref: number): number {
    return (ref & OFFSET_MASK) * UNIT_BYTES;
  }

  free(ref: number): void {
    const pool = this.poolOfChunk[ref >>> OFFSET_BITS] as Pool;
    const lastChunk = pool.chunks[pool.chunks.length - 1] as number;
    pool.endBytes -= pool.cellBytes;
    const last = refOf(lastChunk, pool.endBytes);
    if (last !== ref) {
      copy(this.chunk(last), pool.endBytes, this.chunk(ref), this.offset(ref), pool.cellBytes);
      this.moved(ref);
    }
    if (pool.endBytes === 0) this.shrink(pool);
  }

  private extend(pool: Pool): void {
    const number = this.freeNumbers.pop() ?? this.chunks.length;
    if (number >= CHUNKS_MAX) throw new Error('records of more than 8 GiB');
    this.chunks[number] = this.spare ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.poolOfChunk[number] = pool;
    this.spare = undefined;
    this.inUse++;
    pool.chunks.push(number);
    pool.endBytes = 0;
  }

  /** Gives back the last chunk of a pool, which is empty. */
  private shrink(pool: Pool): void {
    const number = pool.chunks.pop() as number;
    this.spare = this.chunks[number];
    this.chunks[number] = undefined;
    this.poolOfChunk[number] = undefined;
    this.freeNumbers.push(number);
    this.inUse--;
    pool.endBytes = pool.fullBytes;
  }
}

function refOf(chunk: number, at: number): number {
  return ((chunk << OFFSET_BITS) | (at / UNIT_BYTES)) >>> 0;
}

function copy(from: Buffer, fromAt: number, to: Buffer, toAt: number, bytes: number): void {
  // A call out of JavaScript takes longer than a few bytes do.
  if (bytes > FINE_BYTES) from.copy(to, toAt, fromAt, fromAt + bytes);
  else for (let i = 0; i < bytes; i++) to[toAt + i] = from[fromAt + i] as number;
}

/** Sizes of cells, ascending, and for each number of units the first of them that holds so many. */
const SIZES = sizesOfCells();
const INDEX_OF_UNITS = indicesOf(SIZES);

function sizesOfCells(): readonly number[] {
  const sizes: number[] = [];
  for (let size = UNIT_BYTES; size <= FINE_BYTES; size += UNIT_BYTES) sizes.push(size);
  for (let doubling = FINE_BYTES; doubling < RECORD_BYTES_MAX; doubling *= 2)
    for (let i = 1; i <= SIZES_PER_DOUBLING; i++) sizes.push(doubling + (i * doubling) / SIZES_PER_DOUBLING);
  return sizes;
}

function indicesOf(sizes: readonly number[]): Uint8Array {
  const indices = new Uint8Array(RECORD_BYTES_MAX / UNIT_BYTES + 1);
  for (let units = 1, index = 0; units < indices.length; units++) {
    if ((sizes[index] as number) < units * UNIT_BYTES) index++;
    indices[units] = index;
  }
  return indices;
}

function indexOfSize(bytes: number): number {
  if (bytes > RECORD_BYTES_MAX) throw new Error(`a record of ${bytes} bytes`);
  return INDEX_OF_UNITS[(bytes + UNIT_BYTES - 1) >>> 1] as number;
}

function sizeAt(index: number): number {
  return SIZES[index] as number;
}
