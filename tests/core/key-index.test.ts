import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Uint32Column } from '../../src/core/columns.js';
import { hashString } from '../../src/core/hash.js';
import { KeyIndex } from '../../src/core/key-index.js';
import { limits } from '../../src/core/limits.js';
import { TextColumn } from '../../src/core/text-column.js';

/** An index with its columns, and a `Map` that says what is right. */
class Checked {
  private readonly names = new TextColumn();
  private readonly hashes = new Uint32Column();
  readonly index = new KeyIndex(this.names, this.hashes);
  readonly model = new Map<string, number>();
  private end = 0;

  constructor(private readonly hashOf: (key: string) => number) {}

  add(key: string): void {
    if (this.model.has(key)) return;
    const slot = this.end++;
    this.names.reach(slot);
    this.hashes.reach(slot);
    this.names.set(slot, key);
    this.hashes.set(slot, this.hashOf(key));
    this.index.add(slot);
    this.model.set(key, slot);
  }

  remove(key: string): void {
    const slot = this.model.get(key);
    if (slot === undefined) return;
    this.index.remove(slot);
    this.model.delete(key);
  }

  find(key: string): number | undefined {
    return this.index.find(key, this.hashOf(key));
  }

  /** Compares everything that was ever added. */
  check(keys: Iterable<string>): void {
    expect(this.index.size).toBe(this.model.size);
    for (const key of keys)
      if (this.find(key) !== this.model.get(key)) expect(this.find(key)).toBe(this.model.get(key));
    const ofParts: number[] = [];
    let elsewhere = 0;
    for (let part = 0; part < limits.parts; part++)
      for (const slot of this.index.ofPart(part)) {
        ofParts.push(slot);
        if ((this.hashes.get(slot) & (limits.parts - 1)) !== part) elsewhere++;
      }
    expect(elsewhere).toBe(0);
    expect(ofParts.sort(byNumber)).toEqual([...this.model.values()].sort(byNumber));
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}

const HASHES: Readonly<Record<string, (key: string) => number>> = {
  'as they are': hashString,
  'of a few values, which collide': (key) => hashString(key) % 7,
  'all alike': () => 4_294_967_295,
  'all close together': (key) => hashString(key) & 0x3f,
};

describe.each(Object.keys(HASHES))('an index of keys whose hashes are %s', (name) => {
  const hashOf = HASHES[name] ?? hashString;

  it('finds what a map finds, whatever was added and removed', () => {
    const step = fc.record({ remove: fc.boolean(), key: fc.integer({ min: 0, max: 300 }).map(String) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const checked = new Checked(hashOf);
        for (const { remove, key } of steps) {
          if (remove) checked.remove(key);
          else checked.add(key);
          expect(checked.find(key)).toBe(checked.model.get(key));
        }
        checked.check(Array.from({ length: 301 }, (_, i) => String(i)));
      }),
      { numRuns: 40 },
    );
  });

  it('grows, is emptied and grows again, and finds everything at every size', () => {
    const checked = new Checked(hashOf);
    const keys = Array.from({ length: 6_000 }, (_, i) => `chave-${i}`);
    for (const [i, key] of keys.entries()) {
      checked.add(key);
      if (i % 500 === 0) checked.check(keys);
    }
    for (const [i, key] of keys.entries()) {
      if (i % 10 !== 0) checked.remove(key);
      if (i % 500 === 0) checked.check(keys);
    }
    for (const key of keys) checked.add(`${key}-outra`);
    checked.check(keys);
    checked.check(keys.map((key) => `${key}-outra`));
  });
});

describe('an index of keys', () => {
  it('finds nothing that leaves while its table is replaced', () => {
    const checked = new Checked(hashString);
    const keys: string[] = [];
    for (let i = 0; checked.index.cellCount <= 1_024; i++) {
      keys.push(`chave-${i}`);
      checked.add(`chave-${i}`);
    }
    let removed = 0;
    for (const key of keys) {
      // What was moved already, and what was not, as long as both tables are there.
      if (checked.index.cellCount <= 2_048) break;
      checked.remove(key);
      removed++;
      checked.check(keys);
    }
    expect(removed).toBeGreaterThan(20);
  });

  it('keeps hardly any key apart where hashes are good', () => {
    const checked = new Checked(hashString);
    for (let i = 0; i < 300_000; i++) checked.add(`chave-${i}`);
    expect(checked.index.crowdedSize).toBeLessThan(30);
  });

  it('looks at few cells, however many keys have one hash', () => {
    const checked = new Checked(() => 12_345);
    for (let i = 0; i < 20_000; i++) checked.add(`chave-${i}`);
    expect(checked.index.crowdedSize).toBeGreaterThan(19_000);
    checked.check(checked.model.keys());
  });

  it('takes keys that come and go for ever without growing', () => {
    const checked = new Checked(hashString);
    for (let i = 0; i < 50_000; i++) {
      checked.add(`chave-${i}`);
      if (i >= 100) checked.remove(`chave-${i - 100}`);
    }
    checked.check(checked.model.keys());
    expect(checked.index.cellCount).toBeLessThanOrEqual(2_048);
  });
});
