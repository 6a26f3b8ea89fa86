import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentEncoded } from '../../../../src/doors/grpc/protocol/percent.js';
import { timeoutMs } from '../../../../src/doors/grpc/protocol/timeout.js';

describe('grpc-timeout', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3_000],
    ['4m', 4],
    ['5000u', 5],
    ['6000000n', 6],
    ['0n', 0],
    ['99999999H', 99_999_999 * 3_600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(timeoutMs(text)).toBeCloseTo(ms, 9);
  });

  it.each(['', 'S', '1', '1s', '123456789S', '-1S', '1.5S', ' 1S', '1S, 2S', '1SS'])(
    '"%s" is malformed',
    (text) => {
      expect(timeoutMs(text)).toBeUndefined();
    },
  );
});

describe('grpc-message', () => {
  it('is printable ASCII without a bare percent sign, and decodes to the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = percentEncoded(text);
        expect(encoded).toMatch(/^([ -$&-~]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(encoded)).toBe(text);
      }),
    );
  });

  it('leaves plain text as it is', () => {
    expect(percentEncoded('chave = "a b"; {ok}~')).toBe('chave = "a b"; {ok}~');
    expect(percentEncoded('versão 100 %\r\n')).toBe('vers%C3%A3o 100 %25%0D%0A');
  });
});
