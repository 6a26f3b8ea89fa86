import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concerns, InterestIndex, type Interest } from '../../../src/engines/watching/interests.js';

const text = fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b', '😀') });
const interest: fc.Arbitrary<Interest> = fc.oneof(
  text.map((key) => ({ key })),
  text.map((prefix) => ({ prefix })),
  fc.constant({}),
);

it('finds exactly the watches that a key concerns, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(interest, fc.boolean())), fc.array(text), (added, keys) => {
      const index = new InterestIndex<number>();
      added.forEach(([one], watch) => index.add(one, watch));
      added.forEach(([one, leaves], watch) => {
        if (!leaves) return;
        index.remove(one, watch);
        index.remove(one, watch);
      });
      const left = [...added.entries()].filter(([, [, leaves]]) => !leaves);
      expect(index.size).toBe(left.length);
      for (const key of keys) {
        const found: number[] = [];
        index.forEach(key, (watch) => found.push(watch));
        const expected = left.filter(([, [one]]) => concerns(one, key)).map(([watch]) => watch);
        expect(found.sort((a, b) => a - b)).toEqual(expected);
      }
    }),
  );
});
