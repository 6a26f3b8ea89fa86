import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryRows } from '../../src/core/entry-rows.js';
import { hashString } from '../../src/core/hash.js';
import { field } from '../support/fields.js';
import { numbers, texts } from './stored.js';

interface Row {
  readonly version: number;
  readonly timestamp: number;
  readonly origin: number;
  readonly seq: number;
  readonly value: string;
  flags: number;
}

/** Rows, and a model that says what is in them. */
class Checked {
  private readonly rows = new EntryRows();
  private readonly model = new Map<number, Row>();

  add(row: Omit<Row, 'flags'>): void {
    const number = this.rows.add(row.version, row.timestamp, row.origin, row.seq, row.value);
    expect(this.model.has(number)).toBe(false);
    this.model.set(number, { ...row, flags: 0 });
  }

  remove(choice: number): void {
    const number = this.chosen(choice);
    if (number === undefined) return;
    this.rows.remove(number);
    this.model.delete(number);
  }

  removeAll(): void {
    while (this.model.size > 0) this.remove(0);
  }

  setFlag(choice: number, flag: number): void {
    const number = this.chosen(choice);
    const row = number === undefined ? undefined : this.model.get(number);
    if (number === undefined || row === undefined) return;
    this.rows.setFlag(number, flag);
    row.flags |= flag;
  }

  check(): void {
    expect(this.rows.count).toBe(this.model.size);
    if (this.model.size === 0) expect(field(this.rows, 'large')).toEqual(new Map());
    for (const [number, row] of this.model) {
      const { rows } = this;
      const stored = {
        version: rows.version(number),
        timestamp: rows.timestamp(number),
        origin: rows.origin(number),
        seq: rows.seq(number),
        value: rows.value(number),
        flags: rows.flags(number),
      };
      expect(stored).toEqual(row);
      expect(rows.valueUnits(number)).toBe(row.value.length);
      expect(rows.valueHash(number)).toBe(hashString(row.value));
    }
  }

  private chosen(choice: number): number | undefined {
    return [...this.model.keys()][choice % this.model.size];
  }
}

describe('rows of entries', () => {
  it('hold what was put into them, whatever is added, flagged and removed', () => {
    const step = fc.oneof(
      fc.record({ version: numbers, timestamp: numbers, origin: numbers, seq: numbers, value: texts }),
      fc.record({ remove: fc.nat() }),
      fc.record({ flag: fc.constantFrom(1, 2, 4, 8, 16, 32), of: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const checked = new Checked();
        for (const one of steps) {
          if ('remove' in one) checked.remove(one.remove);
          else if ('flag' in one) checked.setFlag(one.of, one.flag);
          else checked.add(one);
          checked.check();
        }
        checked.removeAll();
        checked.check();
      }),
      { numRuns: 60 },
    );
  });

  it('hold thousands of rows of one size, of which any may leave', () => {
    const checked = new Checked();
    const value = 'á'.repeat(64);
    for (let i = 0; i < 3_000; i++)
      checked.add({ version: 1, timestamp: 1_796_000_000_000 + i, origin: 0, seq: 5_000 + i, value });
    for (let i = 0; i < 2_000; i++) checked.remove(i * 7_919);
    checked.check();
    for (let i = 0; i < 1_000; i++)
      checked.add({ version: 2, timestamp: 1_796_000_001_000 + i, origin: 1, seq: i, value });
    checked.check();
  });
});
