import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/limits.js';
import { defaultSealTuning } from '../../../../src/engines/fleet/bus/seal/tuning.js';
import { KeyRing } from '../../../../src/engines/fleet/bus/seal/key-ring.js';
import { looksSealed, Opener } from '../../../../src/engines/fleet/bus/seal/opener.js';
import { Sealer } from '../../../../src/engines/fleet/bus/seal/sealer.js';
import { MODES, sealOptions, testKey, testSalt } from './seal-support.js';
import type { Mode } from './seal-support.js';

const TOPIC = 'kvs/frota/mutacoes/oA';
const BODY = Buffer.from('{"formato":1,"tipo":"lote","frota":"frota","origem":"oA","primeiro":1}');

const ring = (...keys: string[]): KeyRing => new KeyRing('frota', keys.map(testKey));
const sealer = (mode: Mode, keys = ring('a'), salt = testSalt('oA'), origin = 'oA'): Sealer =>
  new Sealer(origin, { ring: keys, encrypts: mode === 'encrypted', drawBytes: () => salt });

describe('golden bytes of the envelopes', () => {
  it('are those of format 1, readable', () => {
    const payload = sealer('readable').seal(TOPIC, 'batch', 1, BODY);
    expect(payload.toString()).toMatchSnapshot();
  });

  it('are those of format 1, encrypted', () => {
    const one = sealer('encrypted');
    expect(one.seal(TOPIC, 'batch', 1, BODY).toString('hex')).toMatchSnapshot();
    expect(one.sealWill('kvs/frota/presenca/oA', 3, BODY).toString('hex')).toMatchSnapshot();
  });

  it('name a key by what tells nothing of it', () => {
    expect(ring('a').sealing.id).toMatchSnapshot();
    expect(new KeyRing('outra', [testKey('a')]).sealing.id).not.toBe(ring('a').sealing.id);
  });
});

describe.each(MODES)('a %s payload', (mode) => {
  it('gives back what was sealed, on its topic, whatever it holds, within the bytes that a seal may add', () => {
    const [one, opener] = [sealer(mode), new Opener(ring('a'))];
    const bodies = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const purposes = fc.constantFrom('batch' as const, 'control' as const);
    let counter = { batch: 0, control: 0 };
    fc.assert(
      fc.property(bodies, purposes, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (body, purpose, connection) => {
        const payload = one.seal(TOPIC, purpose, connection, body);
        counter = { ...counter, [purpose]: counter[purpose] + 1 };
        expect(payload.length - body.length).toBeLessThanOrEqual(limits.sealBytes);
        expect(looksSealed(payload)).toBe(true);
        const opened = opener.open(TOPIC, 'oA', payload);
        expect(opened).toMatchObject({
          head: { purpose, connection, counter: counter[purpose], keyId: ring('a').sealing.id },
        });
        expect(typeof opened === 'string' ? opened : opened.body.equals(body)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused with any one bit of it changed', () => {
    const opener = new Opener(ring('a'));
    const payload = sealer(mode).seal(TOPIC, 'control', 7, BODY);
    const refusals = new Set<string>();
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const altered = Buffer.from(payload);
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
      const opened = opener.open(TOPIC, 'oA', altered);
      expect(opened, `bit ${bit}`).toBeTypeOf('string');
      if (typeof opened === 'string') refusals.add(opened);
    }
    expect([...refusals].sort()).toEqual(['AUTENTICIDADE', 'CHAVE_FROTA', 'SELO', 'SEM_SELO']);
  });

  it('is refused when it is cut, extended, or put together from two', () => {
    const [one, opener] = [sealer(mode), new Opener(ring('a'))];
    const [first, second] = [one.seal(TOPIC, 'control', 1, BODY), one.seal(TOPIC, 'control', 1, BODY)];
    for (let length = 0; length < first.length; length++) {
      expect(opener.open(TOPIC, 'oA', first.subarray(0, length))).toBeTypeOf('string');
      const joined = Buffer.concat([first.subarray(0, length), second.subarray(length)]);
      if (!joined.equals(first) && !joined.equals(second))
        expect(opener.open(TOPIC, 'oA', joined)).toBeTypeOf('string');
    }
    for (const more of ['\n', ' ', '=', '\u0000']) {
      expect(opener.open(TOPIC, 'oA', Buffer.concat([first, Buffer.from(more)]))).toBeTypeOf('string');
      expect(opener.open(TOPIC, 'oA', Buffer.concat([Buffer.from(more), first]))).toBeTypeOf('string');
    }
  });

  it.each([
    ['another fleet', 'kvs/outra/mutacoes/oA', 'oA'],
    ['another origin', 'kvs/frota/mutacoes/oB', 'oB'],
    ['another channel', 'kvs/frota/presenca/oA', 'oA'],
    ['another server', 'kvs/frota/sincronia/oB/oA', 'oA'],
  ])('is refused on the topic of %s', (_name, topic, from) => {
    const payload = sealer(mode).seal(TOPIC, 'batch', 1, BODY);
    expect(new Opener(ring('a')).open(topic, from, payload)).toBe('AUTENTICIDADE');
  });

  it('is refused in another fleet with the same key, also on the same topic', () => {
    const payload = sealer(mode).seal(TOPIC, 'batch', 1, BODY);
    const other = new Opener(new KeyRing('outra', [testKey('a')]));
    expect(other.open(TOPIC, 'oA', payload)).toBe('CHAVE_FROTA');
  });

  it('is opened by either key of a ring, and by no key that has been taken out', () => {
    const [old, young] = [sealer(mode, ring('a')), sealer(mode, ring('b'))];
    const both = ring('b', 'a');
    const opener = new Opener(both);
    expect(opener.open(TOPIC, 'oA', old.seal(TOPIC, 'batch', 1, BODY))).toBeTypeOf('object');
    expect(opener.open(TOPIC, 'oA', young.seal(TOPIC, 'batch', 1, BODY))).toBeTypeOf('object');
    both.replace([testKey('b')]);
    expect(opener.open(TOPIC, 'oA', old.seal(TOPIC, 'batch', 1, BODY))).toBe('CHAVE_FROTA');
    expect(opener.open(TOPIC, 'oA', young.seal(TOPIC, 'batch', 1, BODY))).toBeTypeOf('object');
  });

  it('is sealed with the first key of the ring from the moment it is replaced, counters going on', () => {
    const keys = ring('a', 'b');
    const one = sealer(mode, keys);
    const opener = new Opener(ring('a', 'b'));
    const heads = [['a', 'b'], ['b', 'a'], ['a']].map((names) => {
      keys.replace(names.map(testKey));
      const opened = opener.open(TOPIC, 'oA', one.seal(TOPIC, 'control', 1, BODY));
      return typeof opened === 'string' ? opened : opened.head;
    });
    const [a, b] = [ring('a').sealing.id, ring('b').sealing.id];
    expect(heads).toMatchObject([
      { keyId: a, counter: 1 },
      { keyId: b, counter: 2 },
      { keyId: a, counter: 3 },
    ]);
  });
});

describe('the encrypted payload', () => {
  it('shows nothing of the body', () => {
    const payload = sealer('encrypted').seal(TOPIC, 'batch', 1, Buffer.from('segredo'.repeat(10)));
    expect(payload.includes('segredo')).toBe(false);
  });

  it('never has a key and nonce twice, over restarts and restored folders, purposes, wills and rotations', () => {
    // What a key is made of: the fleet key, the salt, the purpose, the origin. A restored folder brings back none of it.
    const seen = new Set<string>();
    const publish = fc.constantFrom('batch', 'control', 'will', 'rotate', 'restart');
    fc.assert(
      fc.property(fc.array(publish, { minLength: 20, maxLength: 60 }), (steps) => {
        const keys = ring('a', 'b');
        let turned = false;
        let connection = 1;
        let one = new Sealer('oA', { ...sealOptions('encrypted'), ring: keys });
        for (const step of steps) {
          if (step === 'rotate') {
            turned = !turned;
            keys.replace((turned ? ['b', 'a'] : ['a', 'b']).map(testKey));
          } else if (step === 'restart') {
            one = new Sealer('oA', { ...sealOptions('encrypted'), ring: keys });
            connection = 1;
          } else {
            const payload =
              step === 'will'
                ? one.sealWill(TOPIC, ++connection, BODY)
                : one.seal(TOPIC, step === 'batch' ? 'batch' : 'control', connection, BODY);
            // Purpose, key id, salt; counter.
            const used = payload.toString('hex', 4, 29) + payload.toString('hex', 33, 41);
            expect(seen.has(used)).toBe(false);
            seen.add(used);
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(seen.size).toBeGreaterThan(1000);
  });

  it('keeps a bounded number of derived keys, and none for what it could not open', () => {
    const opener = new Opener(ring('a'));
    for (let i = 0; i < defaultSealTuning.sealKeysKept + 50; i++) {
      const other = sealer('encrypted', ring('a'), testSalt(String(i)));
      const payload = other.seal(TOPIC, 'batch', 1, BODY);
      expect(opener.open(TOPIC, 'oA', payload)).toBeTypeOf('object');
      payload[20] = (payload[20] as number) ^ 1;
      expect(opener.open(TOPIC, 'oA', payload)).toBe('AUTENTICIDADE');
    }
    expect(opener.keysKept).toBe(defaultSealTuning.sealKeysKept);
  });
});

describe('payloads without a seal', () => {
  it.each([
    ['plain JSON', BODY.toString()],
    ['nothing', ''],
    ['a line feed', '\n'],
    ['a long last line', `{}\n${'x'.repeat(400)}`],
  ])('%s is told from a broken one', (_name, text) => {
    expect(new Opener(ring('a')).open(TOPIC, 'oA', Buffer.from(text))).toBe('SEM_SELO');
    expect(looksSealed(Buffer.from(text))).toBe(false);
  });

  it.each([
    ['a later readable format', '{}\nkvs-selo/2 lote chave=0000000000000000 conexao=1 contador=1 mac=x'],
    ['no fields', '{}\nkvs-selo/1'],
    [
      'a counter of 0',
      `{}\nkvs-selo/1 lote chave=0000000000000000 conexao=1 contador=0 mac=${'A'.repeat(43)}`,
    ],
    [
      'a huge counter',
      `{}\nkvs-selo/1 lote chave=0000000000000000 conexao=1 contador=9999999999999999 mac=${'A'.repeat(43)}`,
    ],
    [
      'an unknown purpose',
      `{}\nkvs-selo/1 outro chave=0000000000000000 conexao=1 contador=1 mac=${'A'.repeat(43)}`,
    ],
    ['a later encrypted format', 'kvs\u0002' + 'x'.repeat(80)],
    ['a short encrypted one', 'kvs\u0001' + 'x'.repeat(20)],
    ['zeros', 'kvs\u0001' + '\u0000'.repeat(80)],
  ])('%s is malformed', (_name, text) => {
    expect(new Opener(ring('a')).open(TOPIC, 'oA', Buffer.from(text))).toBe('SELO');
  });
});
