import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetClock } from '../../src/core/fleet-clock.js';
import { limits } from '../../src/core/limits.js';
import type { Mutation } from '../../src/core/mutation.js';
import { Store } from '../../src/core/store.js';
import { assertTrue, stateText } from '../support/oracle-compare.js';
import { SeededRandom } from '../support/sim-random.js';
import { codeOf, insert, Lab, steps } from './support.js';
import { stampInsert, stampRemoval } from '../support/stamp.js';

const SEED = 20_240_229;
const WRITERS = 3;

function storeOf(...mutations: readonly (readonly [string, Mutation])[]): Store {
  const store = new Store();
  for (const [origin, mutation] of mutations) {
    store.apply(origin, store.vector.seqOf(origin) + 1, mutation);
  }
  return store;
}

describe('Store against the true history', () => {
  it('is what the oracle says after every step of any causal delivery', () => {
    const property = fc.property(steps(WRITERS, 60), (history) => {
      const lab = new Lab(WRITERS);
      for (const step of history) {
        lab.step(step);
        assertTrue(`o${step.at}`, lab.store(step.at), lab.oracle);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 120 });
  });

  it('depends on the set of mutations only, not on the order among causally unrelated ones', () => {
    const property = fc.property(steps(WRITERS, 60), fc.integer(), (history, seed) => {
      const lab = new Lab(WRITERS);
      lab.run(history);
      const random = new SeededRandom(seed);
      const [one, other] = [causalOrder(lab, random), causalOrder(lab, random)];
      expect(one.vector.digest()).toBe(other.vector.digest());
      expect(stateText(one)).toBe(stateText(other));
      expect(one.hash()).toBe(other.hash());
      for (let part = 0; part < limits.parts; part++) expect(one.partHash(part)).toBe(other.partHash(part));
      assertTrue('reordered', one, lab.oracle);
    });
    fc.assert(property, { seed: SEED, numRuns: 100 });
  });

  /** Its removal without a mark of what it hides would make an older value the latest again. */
  it('leaves an expired sibling to the sweep when its version is removed', () => {
    const lab = new Lab(2);
    lab.insert(0, 'alfa', 1);
    lab.run([{ do: 'catchUp', at: 1 }]);
    lab.insert(0, 'alfa', 1, 5);
    lab.insert(1, 'alfa', 1);
    lab.run([{ do: 'catchUp', at: 1 }]);
    lab.tick(1, 10);
    lab.remove(1, 'alfa', 2);
    assertTrue('o1', lab.store(1), lab.oracle);
    expect(lab.store(1).get('alfa')).toBeUndefined();
    lab.run([{ do: 'sweep', at: 1 }]);
    expect(lab.store(1).get('alfa')).toBeUndefined();
    expect(lab.store(1).get('alfa', 1)?.version).toBe(1);
  });

  /** The list by time lost its own first entry instead. */
  it('discards what is first by version and not by time', () => {
    const late = { version: 1, timestamp: 100 };
    const store = storeOf(
      ['a', insert('k', 1, late)],
      ['b', insert('k', 2, { timestamp: 60 })],
      ...[3, 4, 5].map((version) => ['c', insert('k', version, { timestamp: 100 + version })] as const),
      ['c', { kind: 'discard', key: 'k', dots: [{ origin: 'a', seq: 1 }], passed: [] }],
    );
    expect(store.getAt('k', 100)?.version).toBe(2);
    expect(store.getAt('k', 99)?.version).toBe(2);
  });

  it('refuses a mutation that is not the next of its origin', () => {
    const store = storeOf(['a', insert('k', 1)]);
    expect(() => store.apply('a', 1, insert('k', 2))).toThrow('a:1');
    expect(() => store.apply('a', 3, insert('k', 2))).toThrow('a:3');
    expect(store.vector.entries()).toEqual([['a', 1]]);
  });
});

/** A store that has applied everything that was written, in a random causal order. */
function causalOrder(lab: Lab, random: SeededRandom): Store {
  const store = new Store(new FleetClock(() => 0, Infinity));
  const left = [...lab.written];
  while (left.length > 0) {
    const ready = left.filter(
      (w) =>
        w.seq === store.vector.seqOf(w.origin) + 1 &&
        store.vector.covers(w.observed.filter(([origin]) => origin !== w.origin)),
    );
    const next = random.pick(ready);
    store.clock.witness(next.fleetMs);
    store.apply(next.origin, next.seq, next.mutation);
    left.splice(left.indexOf(next), 1);
  }
  return store;
}

describe('the rolling hash', () => {
  const base: readonly (readonly [string, Mutation])[] = [
    ['a', insert('k', 1)],
    ['b', insert('k', 1, { value: 'sibling' })],
  ];
  const before = storeOf(...base).hash();

  it.each<[string, readonly (readonly [string, Mutation])[]]>([
    ['another value', [['a', insert('k', 1, { value: 'w' })], base[1]!]],
    ['another timestamp', [['a', insert('k', 1, { timestamp: 2 })], base[1]!]],
    ['another version', [['a', insert('k', 2, { value: 'v1', timestamp: 1 })], base[1]!]],
    ['another key', [['a', insert('l', 1)], base[1]!]],
    ['another origin', [['c', insert('k', 1)], base[1]!]],
    ['one entry more', [...base, ['c', insert('k', 1)]]],
    ['a flag', [base[0]!, ['b', insert('k', 1, { value: 'sibling', context: [['a', 1]] })]]],
    ['one entry less', [base[0]!]],
    [
      'a counter alone',
      [
        ...base,
        ['c', insert('k', 9)],
        ['c', { kind: 'removeObserved', key: 'k', observed: [['c', 1]], keep: undefined }],
      ],
    ],
    [
      'an empty key',
      [
        ...base,
        ['c', insert('l', 1)],
        ['c', { kind: 'removeObserved', key: 'l', observed: [['c', 1]], keep: undefined }],
      ],
    ],
  ])('tells %s', (_, mutations) => {
    expect(storeOf(...mutations).hash()).not.toBe(before);
  });

  it('is the same again when what came has gone and raised no counter', () => {
    const gone: Mutation = { kind: 'removeDots', key: 'k', version: 1, dots: [{ origin: 'c', seq: 1 }] };
    expect(storeOf(...base, ['c', insert('k', 1)], ['c', gone]).hash()).toBe(before);
  });

  it('changes only in the part of the key', () => {
    const [one, other] = [storeOf(...base), storeOf(...base, ['a', insert('k', 2)])];
    const different = Array.from({ length: limits.parts }, (_, part) => part).filter(
      (part) => one.partHash(part) !== other.partHash(part),
    );
    expect(different).toHaveLength(1);
  });
});

describe('names and limits', () => {
  const odd = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'a!b',
    '',
    'duas\nlinhas',
    '😀',
    '\u0000',
    'x'.repeat(65_536),
  ];

  it.each(odd.map((key) => [key.slice(0, 20), key]))('stores %j like any other key', (_, key) => {
    const store = new Store();
    expect(store.get(key)).toBeUndefined();
    expect(codeOf(() => stampRemoval(store, key))).toBe('CHAVE_INEXISTENTE');
    store.apply('a', 1, stampInsert(store, 'a', key, 'valor', 5));
    expect(store.get(key)).toEqual({ key, value: 'valor', version: 1, timestamp: 5 });
    expect(store.keyCount).toBe(1);
  });

  it.each([
    [limits.version - 1, 5, 'nenhum'],
    [limits.version, 5, 'VERSAO_ESGOTADA'],
    [7, limits.timestampMs - 1, 'nenhum'],
    [7, limits.timestampMs, 'VERSAO_ESGOTADA'],
  ])('after version %i at %i the next insert gets: %s', (version, timestamp, code) => {
    const store = storeOf(['a', insert('k', version, { timestamp })]);
    expect(codeOf(() => stampInsert(store, 'b', 'k', 'v', 0))).toBe(code);
    expect(codeOf(() => stampInsert(store, 'b', 'l', 'v', 0))).toBe('nenhum');
  });

  it('goes on counting after everything was removed, also when the clock goes back', () => {
    const store = storeOf(['a', insert('k', 3, { timestamp: 1_000 })]);
    store.apply('a', 2, stampRemoval(store, 'k'));
    expect(store.entryCount).toBe(0);
    expect(stampInsert(store, 'a', 'k', 'v', 10)).toMatchObject({ version: 4, timestamp: 1_001 });
  });

  it('tells a missing key from a missing version', () => {
    const store = storeOf(['a', insert('k', 1)]);
    expect(codeOf(() => stampRemoval(store, 'l', 1))).toBe('CHAVE_INEXISTENTE');
    expect(codeOf(() => stampRemoval(store, 'k', 2))).toBe('VERSAO_INEXISTENTE');
    expect(codeOf(() => stampRemoval(store, 'k', 1))).toBe('nenhum');
  });

  it('keeps the dots of every head in a context, and prunes only what they inherited', () => {
    const heads = Array.from({ length: limits.contextEntries + 4 }, (_, i) => `h${i}`);
    const store = storeOf(
      ...heads.map((origin): [string, Mutation] => [
        origin,
        insert('k', 1, { context: [[`${origin}x`, 1]] }),
      ]),
    );
    const { context } = stampInsert(store, 'w', 'k', 'v', 1);
    expect(new Set(context.map(([origin]) => origin))).toEqual(new Set(heads));
    store.apply('w', 1, stampInsert(store, 'w', 'k', 'v', 1));
    expect(store.heads('k').map((head) => head.origin)).toEqual(['w']);
  });

  it('looks at few of many entries to answer a query', () => {
    const store = new Store();
    const entries = 4_096;
    for (let version = 1; version <= entries; version++) store.apply('a', version, insert('k', 2 * version));
    let looks = 0;
    const table = store.keySpace.entries;
    const version = table.version.bind(table);
    table.version = (row) => {
      looks++;
      return version(row);
    };
    for (const asked of [0, 1, 2, 3, 4_095, 8_191, 8_192, 9_999]) {
      const expected = Math.min(asked - (asked % 2), 2 * entries);
      expect(store.get('k', asked)?.version).toBe(expected === 0 ? undefined : expected);
    }
    expect(looks / 8).toBeLessThan(2 * Math.log2(entries));
  });
});
