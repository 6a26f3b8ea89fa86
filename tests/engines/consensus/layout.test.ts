import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALL_HEADS,
  ALL_VALUES,
  contentOf,
  escapeKey,
  headKey,
  headRange,
  isPlaceOfValue,
  keyOfHead,
  placeOfValue,
  timeKey,
  timesBelow,
  timestampOfPlace,
  timesUpTo,
  valueKey,
  valuesBelow,
  versionKey,
  versionOfPlace,
  versionsBelow,
  versionsUpTo,
} from '../../../src/engines/consensus/layout.js';
import type { EtcdRange } from '../../../src/engines/consensus/layout.js';
import { answerAbove, requestBelow } from '../../../src/engines/consensus/below.js';
import { HeadFacts, planTransaction, transactionOf } from '../../../src/engines/consensus/transactions.js';
import { NO_HEAD } from '../../../src/engines/consensus/records.js';
import {
  BARE,
  decodeFormat,
  encodeStoreFormat,
  PREFIXED,
} from '../../../src/engines/consensus/store-format.js';
import { RANGE, TXN } from '../../../src/engines/consensus/etcd-messages.js';
import { limits } from '../../../src/core/limits.js';
import { compareCodePoints } from '../../../src/core/text-order.js';

// Characters next to the separator, those of the escapes, and any other.
const tricky = fc.string({
  unit: fc.constantFrom('!', '%', '"', ' ', '2', '1', '5', 'a', '\0', '\uffff', '😀'),
});
const key = fc.oneof(tricky, fc.string({ unit: 'binary' }), fc.string());
const version = fc.integer({ min: 1, max: limits.version });
const timestamp = fc.integer({ min: 1, max: limits.timestampMs });

const holds = (range: EtcdRange, place: Buffer): boolean =>
  Buffer.compare(range.key, place) <= 0 && Buffer.compare(place, range.range_end) < 0;
const sign = Math.sign;

describe('layout in etcd', () => {
  it('escapes so that nothing is lost and no separator remains', () => {
    fc.assert(
      fc.property(key, (k) => {
        const escaped = escapeKey(k);
        expect(escaped).not.toContain('!');
        const back = escaped.replace(/%2[15]/g, (found) => (found === '%25' ? '%' : '!'));
        expect(back).toBe(k);
      }),
    );
  });

  it('writes what the document shows', () => {
    expect(valueKey('a!b%', 1_700_000_000_000).toString()).toBe('va%21b%25!0001700000000000');
    expect(versionKey('a', 1).toString()).toBe('na!2147483646');
    expect(timeKey('a', 1).toString()).toBe('ta!9007199254740990');
    expect(headKey('a!b').toString()).toBe('ha!b');
  });

  it('keeps heads in the order of code points', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(sign(Buffer.compare(headKey(a), headKey(b)))).toBe(sign(compareCodePoints(a, b)));
        expect(keyOfHead(headKey(a))).toBe(a);
        expect(isPlaceOfValue(valueKey(a, 7))).toBe(true);
        expect(placeOfValue(valueKey(a, 7))).toEqual({ key: a, timestamp: 7 });
        expect(holds(ALL_VALUES, valueKey(a, 7)) && !holds(ALL_VALUES, headKey(a))).toBe(true);
        expect(holds(ALL_HEADS, headKey(a))).toBe(true);
      }),
    );
  });

  it('finds in a range of heads exactly the keys between', () => {
    fc.assert(
      fc.property(key, key, key, (from, k, to) => {
        const between = compareCodePoints(from, k) <= 0 && compareCodePoints(k, to) <= 0;
        expect(holds(headRange(from, to), headKey(k))).toBe(between);
      }),
    );
  });

  it('never mixes the content of two keys', () => {
    fc.assert(
      fc.property(key, key, version, timestamp, (a, b, n, t) => {
        const places = [valueKey(a, t), versionKey(a, n), timeKey(a, t)];
        contentOf(b).forEach((range, kind) => {
          places.forEach((place, of) => expect(holds(range, place)).toBe(a === b && kind === of));
          expect(holds(range, headKey(a))).toBe(false);
        });
      }),
    );
  });

  it('puts the greatest at or below a bound first', () => {
    fc.assert(
      fc.property(key, version, version, (k, n, bound) => {
        expect(holds(versionsUpTo(k, bound), versionKey(k, n))).toBe(n <= bound);
        expect(holds(versionsBelow(k, bound), versionKey(k, n))).toBe(n < bound);
        expect(sign(Buffer.compare(versionKey(k, n), versionKey(k, bound)))).toBe(sign(bound - n));
        expect(versionOfPlace(versionKey(k, n))).toBe(n);
      }),
    );
    fc.assert(
      fc.property(key, timestamp, timestamp, (k, t, bound) => {
        expect(holds(timesUpTo(k, bound), timeKey(k, t))).toBe(t <= bound);
        expect(holds(timesBelow(k, bound), timeKey(k, t))).toBe(t < bound);
        expect(holds(valuesBelow(k, bound), valueKey(k, t))).toBe(t < bound);
        expect(sign(Buffer.compare(valueKey(k, t), valueKey(k, bound)))).toBe(sign(t - bound));
        expect(timestampOfPlace(timeKey(k, t))).toBe(t);
      }),
    );
  });

  it('takes any number as a bound', () => {
    for (const bound of [-1, 0, 0.5, -1e300, -Infinity]) {
      expect(holds(versionsUpTo('a', bound), versionKey('a', 1))).toBe(false);
      expect(holds(timesUpTo('a', bound), timeKey('a', 1))).toBe(false);
    }
    for (const bound of [1.5, 2 ** 40, 1e300, Infinity]) {
      expect(holds(versionsUpTo('a', bound), versionKey('a', 1))).toBe(true);
      expect(holds(timesUpTo('a', bound), timeKey('a', 1))).toBe(true);
    }
  });
});

describe('formats of a store', () => {
  it('are recorded in these bytes, and no other is taken', () => {
    expect(encodeStoreFormat(BARE).toString()).toBe('{"formato":1,"prefixo":""}');
    expect(encodeStoreFormat(PREFIXED).toString()).toBe('{"formato":2,"prefixo":"kvs/"}');
    for (const format of [BARE, PREFIXED]) expect(decodeFormat(encodeStoreFormat(format))).toBe(format);
    for (const text of ['', '{"formato":4,"prefixo":"kvs/"}', '{"formato":2,"prefixo":"outro/"}', 'null']) {
      const read = (): unknown => decodeFormat(Buffer.from(text));
      expect(read).toThrow(expect.objectContaining({ code: 'DADOS_INVALIDOS' }));
    }
  });

  it.each([
    [BARE, ''],
    [PREFIXED, 'kvs/'],
  ])('put every key of a write below %j', (format, prefix) => {
    const below = (plan: Parameters<typeof transactionOf>[0]) =>
      requestBelow(Buffer.from(format.prefix), TXN.path, transactionOf(plan));
    const request = { id: 'pedido', lease: 7 };
    const facts = new HeadFacts(NO_HEAD);
    const put = { kind: 'put', key: 'a!b%', value: 'valor' } as const;
    const add = { kind: 'add', version: 1, timestamp: 1_700_000_000_000 } as const;
    const insert = below(planTransaction(put, add, facts, 'marca', { request }));
    expect(insert.compare.map(({ key: k }) => k.toString())).toEqual([`${prefix}ha!b%`, `${prefix}ppedido`]);
    const puts = insert.success.map((op) => ('request_put' in op ? op.request_put : undefined));
    expect(
      puts.map((one) => [one?.key.toString(), one?.value.toString().replace(/"marca":.*/, '"marca":…')]),
    ).toEqual([
      [`${prefix}va%21b%25!0001700000000000`, '1 1 marca\nvalor'],
      [`${prefix}na%21b%25!2147483646`, '1700000000000'],
      [`${prefix}ta%21b%25!9005499254740991`, '1'],
      [`${prefix}ppedido`, '{"formato":1,"versao":1,"instante":1700000000000,"marca":…'],
      [
        `${prefix}ha!b%`,
        '{"formato":1,"maiorVersao":1,"maiorInstante":1700000000000,"ultima":[1,1700000000000],"recentes":["marca"]}',
      ],
    ]);
    const removal = below(
      planTransaction({ kind: 'removeAll', key: 'a!' }, { kind: 'removeAll' }, facts, 'marca'),
    );
    const gone = removal.success.flatMap((op) =>
      'request_delete_range' in op ? [op.request_delete_range] : [],
    );
    expect(gone.map((range) => [range.key.toString(), range.range_end?.toString()])).toEqual(
      ['v', 'n', 't'].map((kind) => [`${prefix}${kind}a%21!`, `${prefix}${kind}a%21"`]),
    );
  });

  it('name ranges below the prefix, and keys of answers without it', () => {
    const prefix = Buffer.from(PREFIXED.prefix);
    const range = requestBelow(prefix, RANGE.path, { ...ALL_HEADS, limit: 5 });
    expect([range.key.toString(), range.range_end.toString(), range.limit]).toEqual(['kvs/h', 'kvs/i', 5]);
    const kvs = [{ key: Buffer.from('kvs/hchave'), value: Buffer.from('x'), mod_revision: 3, version: 1 }];
    const answer = { header: { revision: 3 }, kvs, more: true };
    const above = answerAbove(prefix, RANGE.path, answer);
    expect([above.more, keyOfHead(above.kvs[0]!.key)]).toEqual([true, 'chave']);
    const [op] = answerAbove(prefix, TXN.path, {
      ...{ header: answer.header, succeeded: true, responses: [{ response_range: answer }] },
    }).responses;
    expect(op?.response_range.kvs[0]?.key.toString()).toBe('hchave');
  });

  it('take what looks otherwise for no place of a value', () => {
    for (const place of [
      'v',
      'va',
      'va!',
      'va!000170000000000',
      'va!00017000000000xx',
      'va"0001700000000000',
    ]) {
      expect(isPlaceOfValue(Buffer.from(place)), place).toBe(false);
    }
  });
});
