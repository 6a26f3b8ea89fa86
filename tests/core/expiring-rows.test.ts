import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiringRows } from '../../src/core/expiring-rows.js';

const SEED = 20_261_126;

type Step =
  | { readonly do: 'add'; readonly row: number; readonly atMs: number }
  | { readonly do: 'remove'; readonly row: number }
  | { readonly do: 'due'; readonly nowMs: number; readonly most: number };

const row = fc.integer({ min: 0, max: 9 });
const ms = fc.integer({ min: 0, max: 5_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), row, atMs: ms }),
  fc.record({ do: fc.constant('remove' as const), row }),
  fc.record({ do: fc.constant('due' as const), nowMs: ms, most: fc.integer({ min: 1, max: 4 }) }),
);

describe('rows that expire', () => {
  it('are due exactly when their time has come, whatever was added and removed before', () => {
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const rows = new ExpiringRows();
      const model = new Map<number, number>();
      for (const one of steps) {
        if (one.do === 'add' && !model.has(one.row)) {
          rows.add(one.row, 100 + one.row, one.atMs);
          model.set(one.row, one.atMs);
        } else if (one.do === 'remove') {
          rows.remove(one.row);
          model.delete(one.row);
        } else if (one.do === 'due') {
          const due = [...model].filter(([, atMs]) => atMs <= one.nowMs).map(([number]) => 100 + number);
          const found = [...rows.dueSlots(one.nowMs, one.most)];
          expect(found.length).toBe(Math.min(due.length, one.most));
          expect(due).toEqual(expect.arrayContaining(found));
        }
        expect(rows.size).toBe(model.size);
        for (let number = 0; number < 10; number++) expect(rows.at(number)).toBe(model.get(number));
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  it('leave nothing behind that grows', () => {
    const rows = new ExpiringRows();
    for (let i = 0; i < 100_000; i++) {
      rows.add(i, i, i * 1_000);
      rows.remove(i);
    }
    expect(rows.size).toBe(0);
    expect((Reflect.get(rows, 'heap') as number[]).length).toBeLessThan(2_000);
    expect((Reflect.get(rows, 'seconds') as Map<number, unknown>).size).toBe(0);
  });
});
