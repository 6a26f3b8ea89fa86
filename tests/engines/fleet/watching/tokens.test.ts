import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/limits.js';
import {
  decodeWatchToken,
  encodeWatchToken,
  startOverToken,
} from '../../../../src/engines/fleet/watching/token.js';
import type { BatchCodec } from '../../../../src/ports/bus.js';
import { field } from '../../../support/fields.js';
import { openLoopbackPair } from '../../../support/fleet-pair.js';
import { verbs } from '../../../support/verbs.js';
import { WatchReader } from '../../../support/watch-reader.js';

const origin = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const part = fc.record({
  of: fc.record({ origin, seq }),
  version: fc.integer({ min: 1, max: limits.version }),
  origin,
});

describe('tokens of watches', () => {
  it('are read as they were written, by servers of their fleet', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(origin, seq)), fc.array(part, { maxLength: 3 }), (entries, parts) => {
        const token = encodeWatchToken('frota', { entries, parts });
        if (token === undefined) return;
        expect(token.length).toBeLessThanOrEqual(limits.watchTokenBytes);
        expect(token).toMatch(/^[!-~]+$/);
        expect(decodeWatchToken(token, 'frota')).toEqual({ entries, parts });
        expect(decodeWatchToken(token, 'outra')).toBeUndefined();
      }),
    );
  });

  it('are at most so long, or not made', () => {
    const entries = Array.from({ length: 300 }, (_, i) => [`origem-${i}`, 1_000_000 + i] as const);
    expect(encodeWatchToken('frota', { entries, parts: [] })).toBeUndefined();
    expect(encodeWatchToken('frota', { entries: entries.slice(0, 100), parts: [] })).toBeDefined();
  });

  it('that are damaged, or say to start over, name no place', () => {
    const tokens = [
      '',
      'o1',
      'o1.frota',
      'o1.frota.a',
      'o1.frota.a:0',
      'o1.frota.a:1.b',
      'o1.frota.a:1.b:1:1:c.d',
    ];
    for (const token of [...tokens, startOverToken('frota'), 'o1.frota.a:1,', 'f1.frota.a:1'])
      expect(decodeWatchToken(token, 'frota'), token).toBeUndefined();
  });
});

it('a place of thousands of origins becomes a short token by a write of its server', async () => {
  const pair = await openLoopbackPair();
  const { engine, second } = pair;
  const { receiver } = engine.member;
  const watch = new WatchReader(engine, { key: 'chave', from: 'now' });
  await watch.untilUpToDate();
  const codec = field(engine.member.outbox, 'bus') as BatchCodec;
  for (let i = 0; i < 3_000; i++) {
    const given = { version: 1, timestamp: i + 1, context: [] };
    const insert = { kind: 'insert', key: `outra ${i}`, value: 'v', ...given } as const;
    const batch = { origin: `velha${i}`, first: 1, dependencies: [], mutations: [insert] } as const;
    receiver.receive(batch, codec.pack(batch), 200);
  }
  verbs(engine).insert('chave', 'a');
  verbs(engine).insert('chave', 'b');
  const [first, next] = await watch.take(2);
  for (const event of [first, next]) expect(event!.token!.length).toBeLessThan(100);
  await pair.settle();
  // It goes on there, and at the other server.
  for (const server of [engine, second]) {
    const again = new WatchReader(server, { key: 'chave', from: { token: first!.token! } });
    expect((await again.untilUpToDate()).map(({ line }) => line?.value)).toEqual(['b']);
    await again.leave();
  }
  await watch.leave();
  await pair.close();
});
