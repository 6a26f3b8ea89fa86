import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import {
  decodeKeyRequest,
  decodeKeyValue,
  decodeRange,
  encodePutReply,
  encodeTuple,
} from '../../../src/doors/grpc/keyvalue/wire.js';
import { decodeKey, encodeGetResponse, encodePutResponse } from '../../../src/doors/grpc/kvstore/wire.js';
import { method } from '../../support/door-client.js';
import { keyValueDefinitions } from '../../support/keyvalue-client.js';
import { kvStoreDefinition } from '../../support/kvstore-client.js';

const definition = (name: string) => method(keyValueDefinitions.KeyValueStore, name);
const store = (name: string) => method(kvStoreDefinition, name);
const text = fc.string({ unit: 'binary', maxLength: 200 });
const version = fc.oneof(
  fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(
    0,
    1,
    127,
    128,
    2 ** 28 - 1,
    2 ** 28,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 35,
    2 ** 42,
    2 ** 49,
    2 ** 53 - 1,
  ),
);
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  version.map(BigInt),
  fc.constantFrom(
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 56n,
    2n ** 62n,
    2n ** 63n - 1n,
    -1n,
    -(2n ** 31n),
    -(2n ** 63n),
  ),
);
const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const MAX = BigInt(Number.MAX_SAFE_INTEGER);
const clamped = (ver: bigint): number => Number(ver < 0n ? -1n : ver > MAX ? MAX : ver);

describe('wire of KeyValueStore, beside protobufjs', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(text, text, int64, int64, (a, b, x, y) => {
        const [from, to] = [
          { key: a, keyBytes: Buffer.byteLength(a), version: clamped(x) },
          { key: b, keyBytes: Buffer.byteLength(b), version: clamped(y) },
        ];
        const request = { key: a, ver: String(x) };
        expect(decodeKeyRequest(definition('Get').requestSerialize(request))).toEqual(from);
        const range = { fr: request, to: { key: b, ver: String(y) } };
        expect(decodeRange(definition('GetRange').requestSerialize(range))).toEqual({ from, to });
        expect(decodeKeyValue(definition('Put').requestSerialize({ key: a, val: b }))).toMatchObject({
          key: a,
          value: b,
        });
        expect(decodeKey(store('Get').requestSerialize({ key: a }))).toEqual({
          key: a,
          keyBytes: from.keyBytes,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('encodes what it decodes', () => {
    fc.assert(
      fc.property(text, text, version, version, (key, value, one, two) => {
        const tuple = definition('Get').responseDeserialize(encodeTuple({ key, value, version: one }));
        expect(tuple).toMatchObject({ key, val: value, ver: String(one) });
        const put = encodePutReply({ key, oldValue: value, oldVersion: one, version: two });
        expect(definition('Put').responseDeserialize(put)).toMatchObject({
          key,
          old_val: value,
          old_ver: String(one),
          ver: String(two),
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe('wire of KeyValueStore, by hand', () => {
  it('gives blanks for what is absent', () => {
    const blank = { key: '', keyBytes: 0, version: 0 };
    expect(decodeKeyRequest(Buffer.alloc(0))).toEqual(blank);
    expect(decodeRange(Buffer.alloc(0))).toEqual({ from: blank, to: blank });
    expect(decodeRange(hex('0a00 1203 0a017a'))).toEqual({
      from: blank,
      to: { ...blank, key: 'z', keyBytes: 1 },
    });
    expect(encodePutReply({ key: '', oldValue: '', oldVersion: 0, version: 0 })).toHaveLength(0);
  });

  it('puts the parts of a bound together when it is sent in pieces', () => {
    const { from } = decodeRange(hex('0a03 0a0161 0a02 1005 1200 0a03 0a0162'));
    expect(from).toEqual({ key: 'b', keyBytes: 1, version: 5 });
  });

  it('cuts a tenth byte to the one bit that an int64 has left', () => {
    expect(decodeKeyRequest(hex('10 ffffffffffffffffff01')).version).toBe(-1);
    expect(decodeKeyRequest(hex('10 ffffffffffffffffff7f')).version).toBe(-1);
    expect(decodeKeyRequest(hex('10 8580808080808080807e')).version).toBe(5);
    expect(decodeKeyRequest(hex('10 ffffffffffffffff7f')).version).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('refuses what is cut, and never throws anything else', () => {
    for (const bad of ['0a05 0a0161', '0a02 0a05', '0a01 08', '1205 0a', '12 ff']) {
      expect(() => decodeRange(hex(bad)), bad).toThrow(KvsError);
    }
    for (const bad of ['0a05 61', '10', '10 ff', '10 ffffffffffffffffff8001', '00']) {
      expect(() => decodeKeyRequest(hex(bad)), bad).toThrow(KvsError);
    }
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom('', '0a', '0a0a0a', '10', '1204'),
        (tail, head) => {
          for (const decode of [decodeKeyRequest, decodeRange, decodeKey]) {
            try {
              decode(Buffer.concat([hex(head), tail]));
            } catch (thrown) {
              expect(thrown).toMatchObject({ code: 'PEDIDO_INVALIDO' });
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('wire of KvStore, beside protobufjs', () => {
  const head = fc.record({
    value: text,
    timestamp: version,
    origin: text,
    clock: fc.array(fc.tuple(text, version), { maxLength: 5 }),
  });

  it('encodes versions with their clocks, whatever is blank among them', () => {
    fc.assert(
      fc.property(fc.array(head, { maxLength: 4 }), text, (heads, error) => {
        const expected = heads.map(({ value, timestamp, origin, clock }) => ({
          value,
          timestamp: String(timestamp),
          writer_node_id: origin,
          vector_clock: { entries: clock.map(([node_id, seq]) => ({ node_id, counter: String(seq) })) },
        }));
        expect(store('Get').responseDeserialize(encodeGetResponse({ heads, error }))).toEqual({
          versions: expected,
          error_message: error,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('encodes outcomes', () => {
    const outcome = (error: string | undefined) =>
      store('Put').responseDeserialize(encodePutResponse({ error }));
    expect(outcome(undefined)).toEqual({ success: true, error_message: '' });
    expect(outcome('não')).toEqual({ success: false, error_message: 'não' });
  });
});
