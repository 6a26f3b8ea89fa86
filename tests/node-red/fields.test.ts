import { describe, expect, it } from 'vitest';
import { Kvs } from '../../src/client/library/kvs.js';
import { jsonText, keyOf, lineFields, valueOf, valueText, wholeNumber } from '../../node-red/src/fields.js';
import { kvsOptions } from '../../node-red/src/options.js';
import { eventMessage, watchFilter } from '../../node-red/src/watch-node.js';

const refused = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};
const LINE = {
  ...{ key: 'k', value: '{"a":1}', version: 3, timestamp: 5, origin: 'o', server: 's' },
  ...{ isHead: true, isSibling: false, isStable: false },
};

describe('keys, values and numbers of messages', () => {
  it('a key is that of the form, spaces included, or else the topic', () => {
    expect(keyOf(' a b', { topic: 't' })).toBe(' a b');
    expect(keyOf('', { topic: 't' })).toBe('t');
    for (const topic of [undefined, '', 1, null])
      expect(refused(() => keyOf('', { topic }))).toBe('PEDIDO_INVALIDO');
  });

  it.each<[unknown, string]>([
    ['21', '21'],
    ['', ''],
    [21.5, '21.5'],
    [null, 'null'],
    [{ a: [1, 'x'] }, '{"a":[1,"x"]}'],
    [Buffer.from('olá'), 'olá'],
  ])('%j is stored as %s', (payload, stored) => {
    expect(valueText(payload)).toBe(stored);
  });

  it('what has no text is refused, and does not become another one', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const payload of [undefined, () => 1, circle, 1n, Buffer.from([0xff])])
      expect(refused(() => valueText(payload))).toBe('PEDIDO_INVALIDO');
    expect(refused(() => jsonText(undefined, 'a'))).toBe('PEDIDO_INVALIDO');
  });

  it('a stored text is read as the form says', () => {
    expect([valueOf('1', 'texto'), valueOf('1', 'json'), valueOf('1', 'auto')]).toEqual(['1', 1, 1]);
    expect([valueOf('ON', 'texto'), valueOf('ON', undefined), valueOf('ON', 'auto')]).toEqual([
      'ON',
      'ON',
      'ON',
    ]);
    expect(refused(() => valueOf('ON', 'json'))).toBe('PEDIDO_INVALIDO');
  });

  it('a number of the message comes before that of the form, and 0 is one', () => {
    expect(wholeNumber('n', 0, '5')).toBe(0);
    expect(wholeNumber('n', undefined, '5')).toBe(5);
    expect(wholeNumber('n', null, '')).toBeUndefined();
    for (const wrong of [-1, 1.5, 'x', '', {}, true])
      expect([wrong, refused(() => wholeNumber('n', wrong, '5'))]).toEqual([wrong, 'PEDIDO_INVALIDO']);
  });
});

describe('what a form says of servers', () => {
  it('becomes options that the library takes, with nothing that is left out', () => {
    expect(kvsOptions({ servidores: ' a:1, b:2 ,', prazoMs: '500', confirmacoes: '' }, undefined)).toEqual({
      ...{ servers: ['a:1', 'b:2'], discover: false, timeoutMs: 500, session: true },
    });
    const tls = { tls: true, ca: ' /ca.pem ', certificado: '', chave: '', nome: 'n' };
    expect(kvsOptions({ servidores: ['a:1'], ...tls, confirmacoes: '2' }, 't')).toMatchObject({
      ...{ tls: { ca: '/ca.pem', name: 'n' }, confirmations: 2, token: 't' },
    });
    expect(kvsOptions({ servidores: 'a:1', tls: true }, undefined)).toMatchObject({ tls: true });
    // A list of files without TLS says nothing.
    expect(kvsOptions({ servidores: 'a:1', ca: '/ca.pem' }, undefined)).not.toHaveProperty('tls');
  });

  it.each([{ servidores: '' }, { servidores: 'a' }, { servidores: 'a:1', prazoMs: 'x' }])(
    '%j is refused by the library, not by another default',
    (given) => {
      expect(refused(() => new Kvs(kvsOptions(given, undefined)))).toBe('CONFIGURACAO');
    },
  );
});

describe('events of a watch', () => {
  it('become messages with the names of HTTP', () => {
    expect(eventMessage({ type: 'insert', line: LINE }, 'json')).toEqual({
      ...{ topic: 'k', payload: { a: 1 }, kvs: { tipo: 'insere', ...lineFields(LINE) } },
    });
    expect(eventMessage({ type: 'expire', line: { ...LINE, value: '' } }, 'json')).toMatchObject({
      ...{ payload: null, kvs: { tipo: 'expira', versao: 3, expira: 0 } },
    });
    expect(eventMessage({ type: 'restart' }, 'json')).toMatchObject({ kvs: { tipo: 'recomeca' } });
    expect(eventMessage({ type: 'upToDate' }, 'json')).toBeUndefined();
  });

  it('are those of a key, of a prefix or of all', () => {
    expect(watchFilter({ oque: 'chave', chave: 'a' })).toEqual({ key: 'a' });
    expect(watchFilter({ oque: 'prefixo', chave: 'a/' })).toEqual({ prefix: 'a/' });
    expect(watchFilter({ oque: 'tudo', chave: 'a' })).toEqual({});
    // An empty prefix would be all keys.
    expect(refused(() => watchFilter({ oque: 'prefixo', chave: '' }))).toBe('PEDIDO_INVALIDO');
  });
});
