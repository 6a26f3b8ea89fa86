import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode, packBatch } from '../../src/engines/fleet/bus/encode-messages.js';
import type { VectorEntries } from '../../src/core/dot.js';
import { batchBytes, jsonStringBytes } from '../../src/core/json-size.js';
import { limits } from '../../src/core/limits.js';
import type { Batch, Mutation } from '../../src/core/mutation.js';
import { PartSet } from '../../src/core/parts.js';
import { Store } from '../../src/core/store.js';
import { walkPage, WALK_START } from '../../src/core/walk.js';
import { insert } from './support.js';

const SEED = 20_240_229;
const FLEET = 'f'.repeat(64);

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const origin = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const dot = fc.record({ origin, seq });
const entries = fc.array(fc.tuple(origin, seq), { maxLength: 5 }) as fc.Arbitrary<VectorEntries>;
const version = fc.integer({ min: 1, max: limits.version });
const timestamp = fc.integer({ min: 1, max: limits.timestampMs });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    key: anyText,
    value: anyText,
    version,
    timestamp,
    context: entries,
  }),
  fc.record({
    kind: fc.constant('removeObserved' as const),
    key: anyText,
    observed: entries,
    keep: fc.option(dot, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('removeDots' as const),
    key: anyText,
    version,
    dots: fc.array(dot, { maxLength: 5 }),
  }),
);

describe('sizes on the wire, told without encoding', () => {
  it('are exact for a string of any kind', () => {
    const property = fc.property(anyText, (text) => {
      expect(jsonStringBytes(text)).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(text)));
    });
    fc.assert(property, { seed: SEED, numRuns: 1_000 });
    for (const text of ['', 'abc', 'é', '€', '😀', '"\\', '\u0001']) {
      expect(jsonStringBytes(text)).toBe(Buffer.byteLength(JSON.stringify(text)));
    }
  });

  it('are never less than what the codec makes of a batch', () => {
    const batch: fc.Arbitrary<Batch> = fc.record({
      origin,
      first: seq,
      dependencies: entries,
      mutations: fc.array(mutation, { minLength: 1, maxLength: 5 }),
    });
    const property = fc.property(batch, (made) => {
      expect(batchBytes(made)).toBeGreaterThanOrEqual(Buffer.byteLength(packBatch(FLEET, made)));
    });
    fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  it('keep a page of the state within its budget and a payload', () => {
    const store = new Store();
    const long = 'o'.repeat(64);
    for (let i = 1; i <= 300; i++) {
      const context: VectorEntries = [[`${long.slice(1)}x`, Number.MAX_SAFE_INTEGER]];
      store.apply(long, i, insert(`k${i % 7}\u0001`, i, { value: '\u0001"é😀'.repeat(i % 9), context }));
    }
    for (const budget of [1_000, 5_000, 50_000]) {
      const { keys, cursor } = walkPage(store, WALK_START, PartSet.all(), budget);
      const body = { outcome: 'page', batches: [], logPosition: 1, keys, cursor, progress: 0.5 } as const;
      const bytes = encode(FLEET, { type: 'stateReply', from: long, to: long, id: 1, body }).length;
      expect(bytes).toBeLessThanOrEqual(budget + 1_000);
    }
  });
});
