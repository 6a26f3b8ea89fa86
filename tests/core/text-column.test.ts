import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arena } from '../../src/core/arena.js';
import { compareCodePoints } from '../../src/core/text-order.js';
import { TextColumn } from '../../src/core/text-column.js';
import { field } from '../support/fields.js';
import { texts } from './stored.js';

const INDICES = 30;

describe('a column of texts', () => {
  it('holds, compares and measures what was last set, whatever is set and cleared', () => {
    const step = fc.record({ index: fc.nat(INDICES - 1), text: texts });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), texts, (steps, other) => {
        const column = new TextColumn();
        const model = new Array<string>(INDICES).fill('');
        for (let index = 0; index < INDICES; index++) column.reach(index);
        for (const { index, text } of steps) {
          column.set(index, text);
          model[index] = text;
          expect(model.map((_, i) => column.get(i))).toEqual(model);
        }
        for (const [i, text] of model.entries()) {
          expect(column.length(i)).toBe(text.length);
          expect(column.is(i, text)).toBe(true);
          expect(column.is(i, other)).toBe(text === other);
          expect(Math.sign(column.compare(i, other))).toBe(Math.sign(compareCodePoints(text, other)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes no more memory the more often texts are set', () => {
    const column = new TextColumn();
    for (let index = 0; index < 10; index++) column.reach(index);
    for (let i = 0; i < 10_000; i++) column.set(i % 10, `texto-${i % 7}-${'é€'[i % 2]}`);
    for (let index = 0; index < 10; index++) column.set(index, '');
    expect((field(column, 'arena') as Arena).chunkBytes).toBeLessThanOrEqual(65_536);
  });

  it('compares texts that differ late, or in their length', () => {
    const column = new TextColumn();
    column.reach(0);
    for (const text of ['chave-a', 'chavé', 'chave€', 'chave', '']) {
      column.set(0, text);
      for (const other of ['chave-b', 'chave-a', 'chavé', 'chave€', 'chave𝄞', 'chave\ue000', 'cha', ''])
        expect(Math.sign(column.compare(0, other))).toBe(Math.sign(compareCodePoints(text, other)));
    }
  });
});
