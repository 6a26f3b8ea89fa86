import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashString, mix } from '../../src/core/hash.js';
import { limits } from '../../src/core/limits.js';
import { PartSet } from '../../src/core/parts.js';
import { vectorOf } from '../support/vector-of.js';

const SEED = 20_240_229;

const advances = fc.array(
  fc.tuple(
    fc.constantFrom('a', 'b', 'c', '__proto__'),
    fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(2 ** 40)),
  ),
  { maxLength: 12 },
);

function greatest(all: readonly (readonly [string, number])[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const [origin, seq] of all) out.set(origin, Math.max(seq, out.get(origin) ?? 0));
  return out;
}

describe('VersionVector', () => {
  it('is the greatest seq of each origin, whatever the order', () => {
    const property = fc.property(advances, (all) => {
      const vector = vectorOf(all);
      expect(new Map(vector.entries())).toEqual(greatest(all));
      expect(vector.covers([...greatest(all)])).toBe(true);
      for (const [origin, seq] of greatest(all)) expect(vector.covers([[origin, seq + 1]])).toBe(false);
      expect(vector.seqOf('unknown')).toBe(0);
    });
    fc.assert(property, { seed: SEED });
  });

  it('has equal digests exactly when its entries are equal', () => {
    const property = fc.property(advances, advances, (one, other) => {
      const same = JSON.stringify([...greatest(one)].sort()) === JSON.stringify([...greatest(other)].sort());
      expect(vectorOf(one).digest() === vectorOf(other).digest()).toBe(same);
    });
    fc.assert(property, { seed: SEED, numRuns: 1_000 });
  });

  it('does not count an origin that has only been asked for', () => {
    const vector = vectorOf([['a', 1]]);
    const digest = vector.digest();
    vector.indexOf('b');
    expect(vector.entries()).toEqual([['a', 1]]);
    expect(vector.digest()).toBe(digest);
  });

  it('tells the entries that advanced last, and all while they are few', () => {
    const vector = vectorOf([
      ['a', 1],
      ['b', 1],
      ['c', 1],
      ['a', 2],
    ]);
    expect(vector.recent(3)).toHaveLength(3);
    expect(vector.recent(2)).toEqual([
      ['a', 2],
      ['c', 1],
    ]);
    expect(vector.recent(0)).toEqual([]);
  });
});

describe('PartSet', () => {
  it('survives the wire', () => {
    const parts = fc.uniqueArray(fc.integer({ min: 0, max: limits.parts - 1 }));
    const property = fc.property(parts, (numbers) => {
      const set = PartSet.none();
      for (const part of numbers) set.add(part);
      const read = PartSet.parse(set.toString());
      for (let part = 0; part < limits.parts; part++) {
        expect(read?.has(part)).toBe(numbers.includes(part));
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 50 });
    expect(PartSet.all().toString()).toBe('f'.repeat(limits.parts / 4));
  });

  it.each(['', 'f', 'g'.repeat(256), 'F'.repeat(256), 'f'.repeat(257), `${'f'.repeat(255)}\n`])(
    'is not read from %j',
    (hex) => {
      expect(PartSet.parse(hex)).toBeUndefined();
    },
  );
});

describe('hashes', () => {
  it('tell short strings and neighbouring numbers apart', () => {
    const texts = Array.from({ length: 20_000 }, (_, i) => `k${i}`);
    expect(new Set(texts.map(hashString)).size).toBeGreaterThan(19_990);
    const numbers = Array.from({ length: 20_000 }, (_, i) => mix(7, i));
    expect(new Set(numbers).size).toBeGreaterThan(19_990);
    expect(mix(1, 2 ** 40)).not.toBe(mix(1, 0));
  });

  it('spread keys over the parts', () => {
    const counts = new Uint32Array(limits.parts);
    for (let i = 0; i < 100 * limits.parts; i++) {
      const part = hashString(`chave-${i}`) & (limits.parts - 1);
      counts[part] = (counts[part] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(40);
    expect(Math.max(...counts)).toBeLessThan(180);
  });
});
