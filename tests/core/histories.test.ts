import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arena } from '../../src/core/arena.js';
import { EntryTable } from '../../src/core/entries.js';
import { Histories } from '../../src/core/histories.js';
import { KeyHistory } from '../../src/core/history.js';
import { VersionVector } from '../../src/core/vector.js';
import { field } from '../support/fields.js';

/** Rows up to which a plain history is packed. */
const FEW = 16;

/** One that knows two origins. */
function entryTable(): EntryTable {
  const vector = new VersionVector();
  vector.indexOf('oA');
  vector.indexOf('oB');
  return new EntryTable(vector);
}

/** Histories, and a model of the rows and heads of each. */
class Checked {
  private readonly entries = entryTable();
  private readonly histories = new Histories(this.entries);
  private readonly model = new Map<number, { rows: number[]; heads: number[] }>();

  add(): void {
    const history = new KeyHistory(this.entries);
    history.insert(this.row());
    const number = this.histories.add(history);
    expect(this.model.has(number)).toBe(false);
    this.note(number, history);
  }

  /** A later version, which may supersede the others. */
  insert(choice: number, supersedes: boolean): void {
    const [number, history] = this.chosen(choice);
    if (supersedes) history.heads = [];
    history.insert(this.row());
    this.histories.set(number, history);
    this.note(number, history);
  }

  removeLast(choice: number): void {
    const [number, history] = this.chosen(choice);
    const row = history.rows.at(-1);
    if (row !== undefined && history.rows.length > 1) history.remove(row);
    this.histories.set(number, history);
    this.note(number, history);
  }

  /** Sets another object in its place, as removals of several rows do. */
  removeFirst(choice: number): void {
    const [number, history] = this.chosen(choice);
    if (history.rows.length < 2) return;
    const kept = history.without(new Set(history.rows.slice(0, 1)));
    this.histories.set(number, kept);
    this.note(number, kept);
  }

  remove(choice: number): void {
    const [number] = this.chosen(choice);
    this.histories.remove(number);
    this.model.delete(number);
  }

  get count(): number {
    return this.model.size;
  }

  check(): void {
    for (const [number, expected] of this.model) {
      const history = this.histories.get(number);
      expect({ rows: history?.rows, heads: history?.heads }).toEqual(expected);
    }
  }

  private row(): number {
    const at = this.entries.count;
    return this.entries.add(1 + at, 1_796_000_000_000 + at, 0, 1 + at, 'v');
  }

  private chosen(choice: number): [number, KeyHistory] {
    const number = [...this.model.keys()][choice % this.model.size] ?? 0;
    const history = this.histories.get(number);
    if (!history) throw new Error(`no history ${number}`);
    return [number, history];
  }

  private note(number: number, { rows, heads }: KeyHistory): void {
    this.model.set(number, { rows: [...rows], heads: [...heads] });
  }
}

describe('histories', () => {
  it('are what they were when they were set, packed or not', () => {
    const step = fc.record({
      do: fc.constantFrom(
        'add',
        'insert',
        'insert',
        'insert',
        'insert',
        'siblings',
        'removeFirst',
        'removeLast',
        'remove',
      ),
      of: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const checked = new Checked();
        for (const { do: what, of } of steps) {
          if (what === 'add' || checked.count === 0) checked.add();
          else if (what === 'remove') checked.remove(of);
          else if (what === 'removeFirst') checked.removeFirst(of);
          else if (what === 'removeLast') checked.removeLast(of);
          else checked.insert(of, what === 'insert');
          checked.check();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never have one number twice, whichever leave and come', () => {
    const checked = new Checked();
    for (let i = 0; i < 40; i++) checked.add();
    for (let i = 0; i < 30; i++) checked.remove(7 * i);
    for (let i = 0; i < 40; i++) checked.add();
    checked.check();
  });

  it('take no more memory the more often they are set', () => {
    const entries = entryTable();
    const histories = new Histories(entries);
    const row = entries.add(1, 1, 0, 1, 'v');
    for (let i = 0; i < 10; i++) {
      const history = new KeyHistory(entries);
      history.insert(row);
      const number = histories.add(history);
      for (let times = 0; times < 10_000; times++) histories.set(number, history);
    }
    expect((field(histories, 'arena') as Arena).chunkBytes).toBeLessThanOrEqual(2 * 65_536);
  });

  it('have no object of their own while they are short and plain', () => {
    const entries = entryTable();
    const history = new KeyHistory(entries);
    for (let version = 1; version <= FEW; version++) {
      history.heads = [];
      history.insert(entries.add(version, version, 0, version, 'v'));
      expect(history.fewPlainRows).toEqual(history.rows);
    }
    history.insert(entries.add(FEW, FEW + 1, 1, 1, 'sibling'));
    expect(history.fewPlainRows).toBeUndefined();
  });
});
