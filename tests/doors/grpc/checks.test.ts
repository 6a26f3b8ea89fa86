import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { checkedKey, checkedValue, namedVersion } from '../../../src/doors/grpc/checks.js';

function outcome(act: () => string): string {
  try {
    return act();
  } catch (thrown) {
    return KvsError.from(thrown).code;
  }
}

function check(text: string | undefined, bytes: number, minimum: number): [string, string] {
  return [
    outcome(() => checkedKey({ key: text, keyBytes: bytes }, minimum)),
    outcome(() => checkedValue({ key: 'abc', keyBytes: 3, value: text, valueBytes: bytes }, minimum)),
  ];
}

describe('checks', () => {
  it.each([
    ['abc', 3],
    ['😀😀😀', 3],
    ['😀😀a', 3],
    ['', 0],
    ['a', 1],
  ])('takes %j with a minimum of %d', (text, minimum) => {
    expect(check(text, Buffer.byteLength(text), minimum)).toEqual([text, text]);
  });

  it.each([
    ['ab', 3],
    // Two characters, though four UTF-16 units and eight bytes.
    ['😀😀', 3],
    ['😀😀😀', 4],
    ['', 1],
  ])('finds %j too short for %d', (text, minimum) => {
    expect(check(text, Buffer.byteLength(text), minimum)).toEqual(['CHAVE_CURTA', 'VALOR_CURTO']);
  });

  it('limits bytes, not characters', () => {
    expect(limits.keyBytes).toBe(limits.valueBytes);
    const fits = 'é'.repeat(limits.keyBytes / 2);
    expect(check(fits, limits.keyBytes, 3)).toEqual([fits, fits]);
    expect(check(`${fits}x`, limits.keyBytes + 1, 3)).toEqual(['CHAVE_LONGA', 'VALOR_LONGO']);
  });

  it('looks at UTF-8 first', () => {
    expect(check(undefined, limits.keyBytes + 1, 3)).toEqual(['CHAVE_INVALIDA', 'VALOR_INVALIDO']);
  });

  it('takes 0 and below for no version', () => {
    expect([0, -1, -(2 ** 31)].map(namedVersion)).toEqual([undefined, undefined, undefined]);
    expect([1, 2 ** 31 - 1].map(namedVersion)).toEqual([1, 2 ** 31 - 1]);
  });
});
