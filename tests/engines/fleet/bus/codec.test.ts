import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATTEMPT_MAX } from '../../../../src/core/attempt.js';
import { batchBytes } from '../../../../src/core/json-size.js';
import { limits } from '../../../../src/core/limits.js';
import type { Message } from '../../../../src/ports/bus.js';
import { decode, unpackBatch } from '../../../../src/engines/fleet/bus/decode-messages.js';
import type { DecodedMessage } from '../../../../src/engines/fleet/bus/decode-messages.js';
import { encode, packBatch } from '../../../../src/engines/fleet/bus/encode-messages.js';
import { parseTopic, topicOf } from '../../../../src/engines/fleet/bus/topics.js';
import { batchArbitrary, messageArbitrary } from './arbitraries.js';
import { batch, batchMessage, insert, oneOfEach } from './support.js';

function decodeFrom(topic: string, payload: Buffer, fleet = 'frota'): DecodedMessage {
  const parts = parseTopic(topic);
  if (!parts) throw new Error(`not a topic: ${topic}`);
  return decode(parts, fleet, payload);
}

function roundTrip(message: Message): DecodedMessage {
  return decodeFrom(topicOf('frota', message), encode('frota', message));
}

describe('codec', () => {
  it('brings back every message as it was', () => {
    fc.assert(
      fc.property(messageArbitrary, (message) => {
        // The generator's objects may have no prototype; a clone is plain.
        expect(roundTrip(message)).toStrictEqual({ ok: true, message: structuredClone(message) });
      }),
      { numRuns: 2000 },
    );
  });

  it('writes the presence of a server of today, and of one of before, as these bytes', () => {
    const before: Message = {
      ...{ type: 'presence', origin: 'o1', address: '127.0.0.1:9000', state: 'serving', wallMs: 5 },
      ...{ vectorDigest: '0a', storeHash: '0b', recent: [['o1', 3]], number: 7, level: 2 },
    };
    const bytes =
      '{"formato":1,"tipo":"presenca","frota":"frota","origem":"o1","endereco":"127.0.0.1:9000",' +
      '"estado":"servindo","relogio":5,"resumo":"0a","hash":"0b","recente":[["o1",3]],"numero":7,"nivel":2';
    expect(encode('frota', before).toString()).toBe(`${bytes}}`);
    const today = { ...before, name: 'sala 3', program: '0.1.0' };
    expect(encode('frota', today).toString()).toBe(`${bytes},"nome":"sala 3","programa":"0.1.0"}`);
    const looked = { ...before, looks: 3, hears: ['s2', 's3'] };
    expect(encode('frota', looked).toString()).toBe(`${bytes},"olha":3,"ouve":["s2","s3"]}`);
    for (const message of [before, today]) expect(roundTrip(message)).toStrictEqual({ ok: true, message });
  });

  it.each([
    ['ASCII', 'a'],
    ['control characters', '\u0001'],
    ['three-byte characters', '€'],
    ['emoji', '🙂'],
  ])('carries the longest keys and values of %s, and no longer ones', (_name, unit) => {
    const times = Math.floor(limits.keyBytes / Buffer.byteLength(unit));
    const longest = unit.repeat(times);
    const message = batch('o1', 1, insert(longest, longest));
    expect(roundTrip(message)).toStrictEqual({ ok: true, message });
    expect(roundTrip(batch('o1', 1, insert(longest + unit, '')))).toEqual({ ok: false, reason: 'CHAVE' });
    expect(roundTrip(batch('o1', 1, insert('', longest + unit)))).toEqual({ ok: false, reason: 'VALOR' });
  });

  it('fits the largest legal mutation with its context and dependencies into a payload', () => {
    const everyone = Array.from(
      { length: limits.contextOrigins },
      (_, i) => [String(i).padStart(12, '-'), Number.MAX_SAFE_INTEGER] as const,
    );
    const worst = '\u0000'.repeat(limits.keyBytes);
    const context = everyone.slice(0, limits.contextEntries);
    const attempt = { id: `zzzzzzzzzzz-${'z'.repeat(48)}`, number: ATTEMPT_MAX };
    const stamped = insert(worst, worst, limits.version);
    const mutation = { ...stamped, timestamp: limits.timestampMs, context, attempt };
    const largest = {
      ...{ origin: 'o'.repeat(64), first: 2 ** 53 - 1, dependencies: everyone, mutations: [mutation] },
    };
    const message = batchMessage(largest);
    expect(Buffer.byteLength(packBatch('f'.repeat(64), largest))).toBeLessThanOrEqual(limits.payloadBytes);
    expect(roundTrip(message)).toStrictEqual({ ok: true, message });
  });

  it('is never larger than the core estimates', () => {
    fc.assert(
      fc.property(batchArbitrary, (one) => {
        expect(Buffer.byteLength(packBatch('f'.repeat(64), one))).toBeLessThanOrEqual(batchBytes(one));
      }),
      { numRuns: 1000 },
    );
  });

  it('writes these bytes: another layout needs another format version', () => {
    expect(oneOfEach('o1', 'o2').map((message) => encode('frota', message).toString())).toMatchSnapshot();
  });

  it('ignores fields that it does not know', () => {
    const message = batchMessage({
      ...{ origin: 'o1', first: 1, dependencies: [], mutations: [insert('k', 'v')] },
    });
    const wire = { ...(JSON.parse(encode('frota', message).toString()) as object), futuro: [{}] };
    const packed = JSON.stringify(wire);
    const decoded = decodeFrom('kvs/frota/mutacoes/o1', Buffer.from(packed));
    expect(decoded).toStrictEqual({ ok: true, message: { ...message, packed } });
    expect(unpackBatch(packed)).toStrictEqual(message.batch);
  });

  it('never throws on bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.jsonValue(), (bytes, value) => {
        expect(decodeFrom('kvs/frota/mutacoes/o1', Buffer.from(bytes)).ok).toBe(false);
        expect(decodeFrom('kvs/frota/sincronia/o1/o2', Buffer.from(JSON.stringify(value))).ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('gets out of damaged payloads nothing that is not legal itself', () => {
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 2 }), fc.nat(255));
    fc.assert(
      fc.property(messageArbitrary, fc.array(edit, { minLength: 1, maxLength: 4 }), (message, edits) => {
        const bytes = [...encode('frota', message)];
        for (const [at, how, byte] of edits)
          bytes.splice(at % bytes.length, how === 0 ? 0 : 1, ...(how < 2 ? [byte] : []));
        const decoded = decodeFrom(topicOf('frota', message), Buffer.from(bytes));
        if (decoded.ok) expect(roundTrip(decoded.message)).toStrictEqual(decoded);
      }),
      { numRuns: 5000 },
    );
  });
});
