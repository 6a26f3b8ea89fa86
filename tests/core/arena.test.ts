import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, NO_RECORD, RECORD_BYTES_MAX } from '../../src/core/arena.js';
import { SeededRandom } from '../support/sim-random.js';

const CHUNK_BYTES = 65_536;
const OWNER_BYTES = 4;
/** What the arena promises, for records of at least 8 bytes: sizes between, and ends of chunks. */
const WASTE = 1.125 / 0.875;

/** An arena whose records begin with their owner, and a model that says what each of them holds. */
class Checked {
  readonly arena: Arena = new Arena((ref) => {
    this.refs.set(this.arena.chunk(ref).readUInt32LE(this.arena.offset(ref)), ref);
  });
  private readonly refs = new Map<number, number>();
  private readonly model = new Map<number, { bytes: number; fill: number }>();
  private owners = 0;

  get count(): number {
    return this.model.size;
  }

  add(bytes: number): void {
    const owner = this.owners++;
    const ref = this.arena.add(bytes);
    const at = this.arena.offset(ref);
    this.arena.chunk(ref).writeUInt32LE(owner, at);
    this.arena.chunk(ref).fill(owner % 251, at + OWNER_BYTES, at + bytes);
    this.refs.set(owner, ref);
    this.model.set(owner, { bytes, fill: owner % 251 });
  }

  /** Frees one of the records. @param choice any number */
  free(choice: number): void {
    const owner = [...this.model.keys()][choice % this.count];
    if (owner === undefined) return;
    this.arena.free(this.refs.get(owner) ?? NO_RECORD);
    this.refs.delete(owner);
    this.model.delete(owner);
  }

  freeAll(): void {
    while (this.count > 0) this.free(0);
  }

  check(): void {
    const seen = new Set<number>();
    for (const [owner, { bytes, fill }] of this.model) {
      const ref = this.refs.get(owner) ?? NO_RECORD;
      const at = this.arena.offset(ref);
      const record = this.arena.chunk(ref).subarray(at, at + bytes);
      expect(record.readUInt32LE(0)).toBe(owner);
      expect(record.subarray(OWNER_BYTES).every((byte) => byte === fill)).toBe(true);
      seen.add(ref);
    }
    expect(seen.size).toBe(this.count);
    this.checkMemory();
  }

  checkMemory(): void {
    const records = [...this.model.values()].map(({ bytes }) => bytes);
    const sizes = new Set(records.map(sizeClassOf)).size;
    const live = records.reduce((sum, bytes) => sum + bytes, 0);
    expect(this.arena.chunkBytes).toBeLessThanOrEqual(WASTE * live + (sizes + 1) * CHUNK_BYTES);
  }
}

/** A number of its own for each size of cell, told in another way than the arena does. */
function sizeClassOf(bytes: number): string {
  if (bytes <= 128) return String(Math.ceil(bytes / 2));
  const doubling = Math.ceil(Math.log2(bytes));
  return `${doubling}/${Math.ceil(bytes / 2 ** (doubling - 4))}`;
}

const bytes = fc.oneof(
  fc.integer({ min: 8, max: 140 }),
  fc.integer({ min: 8, max: RECORD_BYTES_MAX }),
  fc.constantFrom(128, 129, 144, 145, RECORD_BYTES_MAX - 1, RECORD_BYTES_MAX),
);

describe('an arena', () => {
  it('keeps every record as it was written, in memory that follows them, whatever is added and freed', () => {
    const step = fc.oneof(
      fc.record({ add: bytes, times: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ free: fc.nat(), times: fc.integer({ min: 1, max: 40 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const checked = new Checked();
        for (const one of steps) {
          for (let i = 0; i < one.times; i++) {
            if ('add' in one) checked.add(one.add);
            else checked.free(one.free + 7 * i);
          }
          checked.check();
        }
        checked.freeAll();
        checked.check();
      }),
      { numRuns: 60 },
    );
  });

  it('gives memory back when what remains is strewn over all of it', () => {
    const checked = new Checked();
    const random = new SeededRandom(20_261_127);
    for (let i = 0; i < 6_000; i++) checked.add(90);
    const full = checked.arena.chunkBytes;
    while (checked.count > 600) checked.free(Math.floor(random.next() * checked.count));
    checked.check();
    expect(checked.arena.chunkBytes).toBeLessThan(full / 4);
    // Other sizes use what those records left.
    for (let i = 0; i < 3_000; i++) checked.add(150);
    checked.check();
  });

  it('takes records that come and go for ever, and sizes that change, without growing', () => {
    const checked = new Checked();
    for (let i = 0; i < 300; i++) checked.add(100);
    for (let i = 0; i < 30_000; i++) {
      checked.add(8 + (i >> 8));
      checked.free(0);
      if (i % 1_000 === 0) checked.checkMemory();
    }
    checked.check();
  });

  it('refuses a record that is too large', () => {
    const checked = new Checked();
    expect(() => checked.add(RECORD_BYTES_MAX + 1)).toThrow('a record of 8193 bytes');
  });
});
