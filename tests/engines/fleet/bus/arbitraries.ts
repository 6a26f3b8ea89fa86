import fc from 'fast-check';
import { ATTEMPT_MAX } from '../../../../src/core/attempt.js';
import type { VectorEntries } from '../../../../src/core/dot.js';
import { limits } from '../../../../src/core/limits.js';
import type { Batch, Mutation } from '../../../../src/core/mutation.js';
import type { KeyFragment, OrderPosition, WalkCursor } from '../../../../src/core/record.js';
import { BucketDigests } from '../../../../src/core/vector-digests.js';
import { isServerName } from '../../../../src/core/server-name.js';
import type { Message } from '../../../../src/ports/bus.js';
import { batchMessage } from './support.js';

// Everything that is legal on the wire, the awkward first.

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', '-_-', '0', 'toString'),
  fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
);
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const version = fc.integer({ min: 1, max: limits.version });
const timestamp = fc.integer({ min: 0, max: limits.timestampMs });
const text = fc.oneof(
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'a!b',
    '🙂',
    '\u0000\n"\\',
    '\ufeff',
    '\u2028',
    '\\ud800',
    'ç',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const vector: fc.Arbitrary<VectorEntries> = fc.uniqueArray(fc.tuple(name, seq), {
  maxLength: 12,
  selector: ([origin]) => origin,
});
const hex = fc.stringMatching(/^[0-9a-f]{0,16}$/);

const attempt = fc.record({
  id: fc.stringMatching(/^[0-9a-z]{1,11}-[A-Za-z0-9_-]{11,48}$/),
  number: fc.integer({ min: 1, max: ATTEMPT_MAX }),
});

const floor = fc.record({
  part: fc.integer({ min: 0, max: limits.parts - 1 }),
  version: fc.integer({ min: 0, max: limits.version }),
  timestamp,
  paceMs: timestamp,
});

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('insert' as const),
      key: text,
      value: text,
      version,
      timestamp,
      context: vector,
      attempt,
      expiresAt: timestamp,
    },
    { requiredKeys: ['kind', 'key', 'value', 'version', 'timestamp', 'context'] },
  ),
  fc.record({
    kind: fc.constant('removeObserved' as const),
    key: text,
    observed: vector,
    keep: fc.option(fc.record({ origin: name, seq }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('removeDots' as const),
    key: text,
    version,
    dots: fc.array(fc.record({ origin: name, seq }), { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('discard' as const),
    key: text,
    dots: fc.array(fc.record({ origin: name, seq }), { maxLength: 4 }),
    passed: vector,
  }),
  floor.map((raised) => ({ kind: 'raiseFloor' as const, ...raised })),
);

export const batchArbitrary: fc.Arbitrary<Batch> = fc.record(
  {
    origin: name,
    first: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 10 }),
    dependencies: vector,
    mutations: fc.array(mutation, { minLength: 1, maxLength: 8 }),
    fleetMs: timestamp,
  },
  { requiredKeys: ['origin', 'first', 'dependencies', 'mutations'] },
);

const position: fc.Arbitrary<OrderPosition> = fc.record({ version, timestamp, origin: name, seq });
const optionalPosition = fc.option(position, { nil: undefined });
const cursor: fc.Arbitrary<WalkCursor> = fc.record({ slot: count, after: optionalPosition });

const key: fc.Arbitrary<KeyFragment> = fc.record({
  key: text,
  greatestVersion: fc.integer({ min: 0, max: limits.version }),
  greatestTimestamp: timestamp,
  after: optionalPosition,
  entries: fc.array(
    fc.record(
      {
        version,
        timestamp,
        origin: name,
        seq,
        value: text,
        superseded: fc.boolean(),
        context: vector,
        attempt,
        expiresAt: timestamp,
        passed: fc.constant(true),
      },
      { requiredKeys: ['version', 'timestamp', 'origin', 'seq', 'value', 'superseded', 'context'] },
    ),
    { maxLength: 3 },
  ),
});

const head = { from: name, to: name, id: count };
const buckets = fc.uniqueArray(fc.nat(255), { maxLength: 6 });
const digests = fc.infiniteStream(fc.nat(2 ** 32 - 1)).map((words) => {
  const all = new BucketDigests();
  for (let i = 0; i < all.words.length; i++) all.words[i] = words.next().value as number;
  return all.toString();
});
const batches = fc.array(batchArbitrary, { maxLength: 2 });

export const messageArbitrary: fc.Arbitrary<Message> = fc.oneof(
  batchArbitrary.map((made) => batchMessage(made)),
  fc.record({
    type: fc.constant('presence' as const),
    origin: name,
    address: text,
    state: fc.constantFrom('joining' as const, 'serving' as const, 'leaving' as const),
    wallMs: timestamp,
    vectorDigest: hex,
    storeHash: hex,
    recent: vector,
  }),
  fc.record({
    type: fc.constant('presence' as const),
    origin: name,
    address: text,
    state: fc.constant('draining' as const),
    wallMs: timestamp,
    vectorDigest: hex,
    storeHash: hex,
    recent: vector,
    portal: fc.constant(true),
    awaits: seq,
    number: seq,
    name: fc.string({ minLength: 1, maxLength: 64 }).filter(isServerName),
    program: fc.constantFrom('0.1.0', '2.0.0-beta.1+x'),
    looks: fc.integer({ min: 1, max: 3 }),
    hears: fc.uniqueArray(name, { maxLength: 64 }),
  }),
  fc.record({ type: fc.constant('confirm' as const), from: name, to: name, seq }),
  fc.record({ type: fc.constant('clockRequest' as const), ...head }),
  fc.record({ type: fc.constant('clockReply' as const), ...head, wallMs: timestamp }),
  fc.record({ type: fc.constant('logRequest' as const), ...head, vector }),
  fc.record({
    type: fc.constant('logRequest' as const),
    ...head,
    vector: vector.map((entries) => [...entries, ['nothing-of-it', 0] as const]),
    only: fc.constant(true as const),
  }),
  fc.record({
    type: fc.constant('vectorRequest' as const),
    ...head,
    ask: fc.oneof(
      fc.record({ epoch: count, explicit: fc.uniqueArray(name, { maxLength: 5 }), digests }),
      fc.record({ buckets, cursor: count }),
    ),
  }),
  fc.record({
    type: fc.constant('vectorReply' as const),
    ...head,
    buckets,
    entries: vector,
    cursor: fc.option(count, { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('logReply' as const),
    ...head,
    outcome: fc.constantFrom('batches' as const, 'stateNeeded' as const),
    batches,
    more: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('stateRequest' as const),
    ...head,
    page: fc.option(fc.record({ cursor, logPosition: count, parts: hex }), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('stateReply' as const),
    ...head,
    body: fc.oneof(
      fc.record({
        outcome: fc.constant('opening' as const),
        vector: fc.oneof(vector, fc.record({ epoch: count, digests, recent: vector })),
        frontier: vector,
        logPosition: count,
        partHashes: fc.array(hex, { maxLength: 4 }),
        floors: fc.array(floor, { maxLength: 3 }),
        cursor,
      }),
      fc.record({
        outcome: fc.constant('page' as const),
        batches,
        logPosition: count,
        keys: fc.array(key, { maxLength: 3 }),
        cursor: fc.option(cursor, { nil: undefined }),
        progress: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share + 0),
      }),
      fc.record({ outcome: fc.constant('lost' as const) }),
    ),
  }),
);
