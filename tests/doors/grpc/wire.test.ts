import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import {
  decodeKeyValue,
  decodeKeyVersion,
  decodeVersion,
  encodeTuple,
  encodeVersion,
} from '../../../src/doors/grpc/kvs/wire.js';
import { kvsDefinition } from '../../support/kvs-client.js';

const definition = (name: string) => {
  const found = kvsDefinition[name];
  if (found === undefined) throw new Error(name);
  return found;
};
const text = fc.string({ unit: 'binary', maxLength: 200 });
const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 1, -1, 127, 128, 16383, 16384, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1, -(2 ** 31)),
);
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return thrown instanceof KvsError ? thrown.code : `not a KvsError: ${String(thrown)}`;
  }
  return 'nothing thrown';
}

describe('wire, beside protobufjs', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(text, text, int32, (chave, valor, versao) => {
        const pair = decodeKeyValue(definition('Insere').requestSerialize({ chave, valor }));
        expect(pair).toEqual({
          key: chave,
          keyBytes: Buffer.byteLength(chave),
          value: valor,
          valueBytes: Buffer.byteLength(valor),
        });
        const named = decodeKeyVersion(definition('Consulta').requestSerialize({ chave, versao }));
        expect(named).toEqual({ key: chave, keyBytes: Buffer.byteLength(chave), version: versao });
        expect(decodeVersion(definition('Snapshot').requestSerialize({ versao }))).toEqual({
          version: versao,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('encodes what it decodes', () => {
    fc.assert(
      fc.property(text, text, fc.nat(2 ** 31 - 1), (key, value, version) => {
        const tuple = definition('Consulta').responseDeserialize(encodeTuple({ key, value, version }));
        expect(tuple).toMatchObject({ chave: key, valor: value, versao: version });
        expect(definition('Insere').responseDeserialize(encodeVersion(version))).toMatchObject({
          versao: version,
        });
      }),
      { numRuns: 300 },
    );
    expect(definition('Insere').responseDeserialize(encodeVersion(-1))).toMatchObject({ versao: -1 });
  });

  it('keeps long text, a byte order mark and empty text as they are', () => {
    for (const chave of ['\uFEFFabc', '', 'é'.repeat(32_768), 'x'.repeat(65_536), '\0\n\r']) {
      expect(decodeKeyVersion(definition('Consulta').requestSerialize({ chave })).key).toBe(chave);
    }
  });
});

describe('wire, by hand', () => {
  it('gives blanks for an empty message', () => {
    expect(decodeKeyValue(Buffer.alloc(0))).toEqual({ key: '', keyBytes: 0, value: '', valueBytes: 0 });
    expect(decodeKeyVersion(Buffer.alloc(0))).toEqual({ key: '', keyBytes: 0, version: 0 });
  });

  it('takes the last of repeated fields', () => {
    expect(decodeKeyVersion(hex('0a0161 1001 0a0162 1002'))).toEqual({ key: 'b', keyBytes: 1, version: 2 });
  });

  it('reads negative numbers of ten bytes, and of five', () => {
    expect(decodeVersion(hex('08 ffffffffffffffffff01')).version).toBe(-1);
    expect(decodeVersion(hex('08 ffffffff0f')).version).toBe(-1);
  });

  it('passes over unknown fields of every wire type, and known numbers of another type', () => {
    const unknown = '1896 01 21 0102030405060708 2a03616263 35 01020304 3b 1801 43 44 3c';
    expect(decodeKeyVersion(hex(`${unknown} 0a0161 ${unknown} 1007`))).toEqual({
      key: 'a',
      keyBytes: 1,
      version: 7,
    });
    expect(decodeKeyVersion(hex('0801 1203616263'))).toEqual({ key: '', keyBytes: 0, version: 0 });
  });

  it('marks text that is not UTF-8, each kind of it, in short and in long text', () => {
    for (const bad of ['ff', 'c0af', 'eda080', 'f4908080', 'e282', '80']) {
      for (const padding of ['', 'a'.repeat(100)]) {
        const bytes = Buffer.concat([hex(bad), Buffer.from(padding)]);
        const message = Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
        expect(decodeKeyVersion(message)).toEqual({ key: undefined, keyBytes: bytes.length, version: 0 });
      }
    }
  });

  it.each([
    ['cut in a tag', '80'],
    ['cut in a number', '10 80'],
    ['cut in a size', '0a'],
    ['cut in text', '0a05 6162'],
    ['cut in a fixed field', '21 0102'],
    ['cut in a group', '1b 0801'],
    ['field number zero', '00'],
    ['a number of eleven bytes', '10 ffffffffffffffffffff01'],
    ['a size beyond 32 bits', '0a ffffffff7f'],
    ['a size beyond the message', '0a ffffffff0f'],
    ['a tag beyond 32 bits', 'ffffffff7f 00'],
    ['the end of a group that never began', '1c'],
    ['the end of another group', '1b 24'],
    ['wire type six', '16'],
    ['wire type seven', '17'],
    ['groups without end', '1b'.repeat(50_000)],
  ])('refuses %s', (_what, digits) => {
    expect(codeOf(() => decodeKeyVersion(hex(digits)))).toBe('PEDIDO_INVALIDO');
  });

  it('never throws anything else, whatever the bytes', () => {
    const seed = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      // Garbage that begins like a message goes deeper.
      fc
        .tuple(
          fc.uint8Array({ maxLength: 12 }),
          fc.constantFrom('0a', '12', '10', '1b', '1c', '22', '0aff', '0a8001'),
        )
        .map(([tail, head]) => Buffer.concat([hex(head), tail])),
    );
    fc.assert(
      fc.property(seed, (bytes) => {
        for (const decode of [decodeKeyValue, decodeKeyVersion, decodeVersion]) {
          expect(['nothing thrown', 'PEDIDO_INVALIDO']).toContain(codeOf(() => decode(Buffer.from(bytes))));
        }
      }),
      { numRuns: 5000 },
    );
  });
});
