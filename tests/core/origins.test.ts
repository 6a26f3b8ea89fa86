import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEntries } from '../../src/core/dot.js';
import { halfSipHash } from '../../src/core/half-sip-hash.js';
import { Origins } from '../../src/core/origins.js';
import { BucketDigests, DigestKeys } from '../../src/core/vector-digests.js';
import { VersionVector } from '../../src/core/vector.js';

const SEED = 20_261_126;
const keys = new DigestKeys('frota');
const HOUR = keys.at(500_000);

const name = fc.oneof(
  fc.constantFrom('a', 'b', '__proto__', 'constructor'),
  fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
);
const seq = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER),
);
const entriesArbitrary: fc.Arbitrary<VectorEntries> = fc.uniqueArray(fc.tuple(name, seq), {
  maxLength: 12,
  selector: ([origin]) => origin,
});

const digestsOf = (entries: VectorEntries, key = HOUR): BucketDigests =>
  VersionVector.of(new Origins(), entries).bucketDigests(key);

describe('HalfSipHash-2-4 with 64 bits', () => {
  /** From `vectors_hsip64` in vectors.h of github.com/veorq/SipHash: key 00 01 … 07, input 00 01 02 … */
  it.each([
    '218d1f59b9b83cc8',
    'be552412f8387315',
    '064f39ef7c50eb57',
    'ce0f1a45f7060679',
    'd5e78a175be52ea1',
    'cb9d7c3f2f3db580',
    'ce3e91358aa2bc25',
    'ff202728b07bc684',
    'edfee820bce4858c',
    '5b51cccc13888307',
  ])('of so many bytes is %s', (expected) => {
    const length = VECTORS.indexOf(expected);
    const out = new Uint32Array(2);
    halfSipHash(
      { low: 0x0302_0100, high: 0x0706_0504 },
      Uint8Array.from({ length }, (_, i) => i),
      length,
      out,
    );
    expect(Buffer.from(new Uint8Array(out.buffer)).toString('hex')).toBe(expected);
  });
  const VECTORS = [
    '218d1f59b9b83cc8 be552412f8387315 064f39ef7c50eb57 ce0f1a45f7060679 d5e78a175be52ea1',
    'cb9d7c3f2f3db580 ce3e91358aa2bc25 ff202728b07bc684 edfee820bce4858c 5b51cccc13888307',
  ].flatMap((line) => line.split(' '));
});

describe('Origins', () => {
  it('numbers names once, and finds them by either', () => {
    const names = Array.from({ length: 70_000 }, (_, i) =>
      `origem-${i}`.padEnd(1 + (i % 64), '_').slice(0, 64),
    );
    const origins = new Origins();
    const numbers = new Map<string, number>();
    for (const each of names) {
      const known = numbers.get(each);
      const index = origins.indexOf(each);
      expect(index).toBe(known ?? numbers.size);
      numbers.set(each, index);
    }
    expect(origins.count).toBe(numbers.size);
    for (const [each, index] of numbers) {
      if (origins.knownIndexOf(each) !== index || origins.nameAt(index) !== each) throw new Error(each);
    }
    expect(origins.knownIndexOf('another')).toBeUndefined();
  });

  it('survives any names', () => {
    const property = fc.property(fc.array(name, { maxLength: 40 }), (names) => {
      const origins = new Origins();
      for (const each of names) expect(origins.nameAt(origins.indexOf(each))).toBe(each);
      expect(origins.count).toBe(new Set(names).size);
    });
    fc.assert(property, { seed: SEED });
  });
});

describe('keyed digests of a vector', () => {
  it('are the same however the vector came about, and whenever they are asked for', () => {
    const steps = fc.array(fc.tuple(fc.nat(9), fc.nat(4), fc.nat(3)), { maxLength: 40 });
    const property = fc.property(steps, (all) => {
      let vector = new VersionVector();
      for (const [origin, to, action] of all) {
        vector.set(vector.indexOf(`o${origin}`), to);
        if (action === 0) vector.bucketDigests(HOUR);
        if (action === 1) vector = vector.copy();
        if (action === 2) vector.prepare(keys.at(500_001), 3);
      }
      for (const epoch of [500_000, 500_001]) {
        const fresh = digestsOf(vector.entries(), keys.at(epoch));
        expect(vector.bucketDigests(keys.at(epoch)).words).toEqual(fresh.words);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it('differ whenever two comparable vectors differ, whatever the hashes', () => {
    const property = fc.property(
      entriesArbitrary,
      fc.array(fc.tuple(name, fc.nat(3)), { minLength: 1 }),
      (entries, more) => {
        const less = VersionVector.of(new Origins(), entries);
        const further = less.copy();
        for (const [origin, by] of more) {
          const index = further.indexOf(origin);
          further.advance(index, Math.min(Number.MAX_SAFE_INTEGER, further.seqAt(index) + by));
        }
        const one = withoutHashes(less.bucketDigests(HOUR));
        const other = withoutHashes(further.bucketDigests(HOUR));
        expect(one.whole() === other.whole()).toBe(less.digest() === further.digest());
        expect(one.words.every((word, i) => word === other.words[i])).toBe(
          less.digest() === further.digest(),
        );
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it('differ where unkeyed ones are equal, and change with the hour', () => {
    const entries: VectorEntries = [['a', 3]];
    expect(digestsOf(entries).whole()).not.toBe(digestsOf(entries, keys.at(500_001)).whole());
    const swapped = [
      digestsOf([
        ['a', 1],
        ['b', 2],
      ]),
      digestsOf([
        ['a', 2],
        ['b', 1],
      ]),
    ] as const;
    expect(swapped[0].whole()).not.toBe(swapped[1].whole());
  });

  it('survive the wire', () => {
    const property = fc.property(entriesArbitrary, (entries) => {
      const digests = digestsOf(entries);
      expect(BucketDigests.parse(digests.toString()).words).toEqual(digests.words);
    });
    fc.assert(property, { seed: SEED });
  });
});

/** Without the keyed hashes: what is left when all of them collide. */
function withoutHashes(digests: BucketDigests): BucketDigests {
  const copy = digests.copy();
  for (let i = 0; i < copy.words.length; i += 5) copy.words[i] = copy.words[i + 1] = 0;
  return copy;
}
