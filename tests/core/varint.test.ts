import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterNumber, numberBytes, readNumber, putNumber } from '../../src/core/varint.js';
import { numbers } from './stored.js';

describe('numbers of varying length', () => {
  it('come back as they were, one after the other', () => {
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 8 }), (values) => {
        const bytes = new Uint8Array(80).fill(0xff);
        let end = 0;
        for (const value of values) {
          const next = putNumber(bytes, end, value);
          expect(next - end).toBe(numberBytes(value));
          end = next;
        }
        let at = 0;
        for (const value of values) {
          expect(readNumber(bytes, at)).toBe(value);
          at = afterNumber(bytes, at);
        }
        expect(at).toBe(end);
      }),
    );
  });

  it('take one byte up to 127, six for the time of today, eight at most', () => {
    expect([0, 127, 128, 1_796_000_000_000, 2 ** 53 - 1].map(numberBytes)).toEqual([1, 1, 2, 6, 8]);
  });

  it('are refused, and not looked for endlessly, where there are none', () => {
    const bytes = new Uint8Array(16).fill(0x80);
    for (const at of [0, 8, 15, 16, 1_000])
      expect(() => readNumber(bytes, at)).toThrow(`no number at ${at} of 16`);
    expect(afterNumber(bytes, 3)).toBe(17);
    expect(afterNumber(bytes, 1_000)).toBe(1_001);
  });
});
