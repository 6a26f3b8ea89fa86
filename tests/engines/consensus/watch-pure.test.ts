import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { EVENT_DELETE } from '../../../src/engines/consensus/etcd-messages.js';
import type { EtcdEvent } from '../../../src/engines/consensus/etcd-messages.js';
import { isPlaceOfValue, valueKey, valuesOf, watchedRange } from '../../../src/engines/consensus/layout.js';
import { ourChange } from '../../../src/engines/consensus/our-changes.js';
import { ReceivedChanges } from '../../../src/engines/consensus/received-changes.js';
import { encodeValue } from '../../../src/engines/consensus/records.js';
import { decodeReplicaPlace, encodeReplicaPlace } from '../../../src/engines/consensus/watch-token.js';

const tricky = fc.string({ unit: fc.constantFrom('!', '%', '"', ' ', '2', '1', 'a', '\0', '\uffff', '😀') });

/** A change of a value in a revision; `n` tells apart those of one revision. */
function change(revision: number, n: number): EtcdEvent {
  const value = encodeValue(n, 'token', String(n));
  return { type: 0, kv: { key: valueKey(String(n), n), value, mod_revision: revision, version: 1 } };
}

const nameOf = ({ kv }: EtcdEvent): string => `${kv!.mod_revision}.${kv!.value.toString().at(-1)}`;

describe('what a watch looks at in the replicas', () => {
  const holds = (key: string, prefix: string | undefined, place: Buffer): boolean => {
    const range = watchedRange(prefix === undefined ? { key } : { prefix });
    return Buffer.compare(range.key, place) <= 0 && Buffer.compare(place, range.range_end) < 0;
  };

  it('are the values of its keys, and its mark, which is no value', () => {
    const stamp = fc.integer({ min: 1, max: limits.timestampMs });
    fc.assert(
      fc.property(tricky, tricky, stamp, (asked, other, timestamp) => {
        const place = valueKey(other, timestamp);
        expect(holds(asked, undefined, place)).toBe(asked === other);
        expect(holds('', asked, place)).toBe(other.startsWith(asked));
        for (const interest of [{ key: asked }, { prefix: asked }]) {
          const { mark, key, range_end } = watchedRange(interest);
          expect(Buffer.compare(key, mark) <= 0 && Buffer.compare(mark, range_end) < 0).toBe(true);
          expect(isPlaceOfValue(mark)).toBe(false);
          // No removal of a key takes it along, and nobody counts it.
          const values = valuesOf(other);
          expect(Buffer.compare(values.key, mark) <= 0 && Buffer.compare(mark, values.range_end) < 0).toBe(
            false,
          );
        }
      }),
    );
  });

  it('is told as it is, or not at all', () => {
    const kv = { key: valueKey('a!', 7), value: encodeValue(3, 't', 'x', 99), mod_revision: 5, version: 1 };
    const put = { type: 0, kv };
    const row = { key: 'a!', version: 3, timestamp: 7, expiresAt: 99, origin: 'consenso' };
    expect(ourChange(put, { key: 'a!' })).toMatchObject({ kind: 'insert', line: { ...row, value: 'x' } });
    expect(ourChange(put, { key: 'a' })).toBeUndefined();
    const gone = { ...kv, value: Buffer.alloc(0), mod_revision: 6, version: 0 };
    const removal = { type: EVENT_DELETE, kv: gone, prev_kv: kv };
    expect(ourChange(removal, {})).toMatchObject({
      kind: 'remove',
      revision: 6,
      line: { ...row, value: '' },
    });
    expect(ourChange({ ...removal, prev_kv: null }, {})).toBe('lost');
    const foreign = { ...kv, value: Buffer.from('de outro') };
    expect(ourChange({ type: 0, kv: foreign }, {})).toBeUndefined();
    expect(ourChange({ ...removal, prev_kv: foreign }, {})).toBeUndefined();
    expect(ourChange({ type: 0, kv: { ...kv, key: Buffer.from('va"') } }, {})).toBeUndefined();
  });
});

describe('the token of a watch', () => {
  it('comes back, for the same replicas only', () => {
    const number = fc.maxSafeNat();
    fc.assert(
      fc.property(number, fc.integer({ min: 1 }), fc.nat(), number, (cluster, revision, told, other) => {
        const text = encodeReplicaPlace(cluster, { revision, told });
        expect(text).toMatch(/^[!-~]+$/);
        expect(decodeReplicaPlace(text, cluster)).toEqual({ revision, told });
        if (other !== cluster) expect(decodeReplicaPlace(text, other)).toBeUndefined();
      }),
    );
    // Of a cluster whose number is rounded, too.
    const large = Number('17237436991929493444');
    expect(decodeReplicaPlace(encodeReplicaPlace(large, { revision: 4, told: 0 }), large)).toBeDefined();
    for (const text of ['', 'oc1.1', 'oc1.1.0', 'oc1.1.2.3.4', 'oc1.1.-2', 'oc2.1.2', 'oc1.1.zzzzzzzzzzzz']) {
      expect(decodeReplicaPlace(text, 1)).toBeUndefined();
    }
  });
});

describe('what a watch received from the replicas', () => {
  /** Revisions with 1 to 4 changes each. */
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 });
  const all = (counts: readonly number[]): EtcdEvent[] =>
    counts.flatMap((count, r) => Array.from({ length: count }, (_, n) => change(10 + 2 * r, n)));

  it('is each change once, however streams are cut, and every place continues it exactly', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(6), { minLength: 1, maxLength: 30 }), (counts, cuts) => {
        const events = all(counts);
        const found: {
          readonly name: string;
          readonly place: { readonly revision: number; readonly told: number };
        }[] = [];
        const received = new ReceivedChanges();
        received.startAt({ revision: 1, told: 0 });
        // Each stream starts anew, and is lost after so many changes.
        for (const cut of [...cuts, Infinity]) {
          const from = received.goOn();
          const rest = events.filter(({ kv }) => kv!.mod_revision >= from);
          const some = rest.slice(0, cut);
          const isWhole = rest[some.length]?.kv?.mod_revision !== some.at(-1)?.kv?.mod_revision;
          received.take(some, isWhole);
          for (const { event, place } of received.shift(Infinity, Infinity)) {
            if (event) found.push({ name: nameOf(event), place });
          }
        }
        expect(found.map(({ name }) => name)).toEqual(events.map(nameOf));
        for (const [at, { place }] of found.entries()) {
          const again = new ReceivedChanges();
          again.startAt(place);
          const from = again.goOn();
          again.take(
            events.filter(({ kv }) => kv!.mod_revision >= from),
            true,
          );
          expect(again.shift(Infinity, Infinity).map(({ event }) => nameOf(event!))).toEqual(
            events.slice(at + 1).map(nameOf),
          );
        }
      }),
    );
  });

  it('moves on without changes, and never back', () => {
    const received = new ReceivedChanges();
    received.startAt({ revision: 5, told: 0 });
    received.heard(4);
    expect(received.isEmpty).toBe(true);
    received.heard(8);
    received.heard(9);
    expect(received.shift(9, Infinity)).toEqual([{ bytes: 0, place: { revision: 10, told: 0 } }]);
    received.take([change(7, 1), change(10, 2)], true);
    expect(received.shift(9, Infinity).map(({ event }) => nameOf(event!))).toEqual(['10.2']);
    expect(received.bytes).toBe(0);
  });

  it('is taken in bounded portions, one at least', () => {
    const received = new ReceivedChanges();
    received.startAt({ revision: 1, told: 0 });
    received.take([change(2, 1), change(3, 2), change(4, 3)], true);
    const { bytes } = received;
    expect(received.shift(9, 1)).toHaveLength(1);
    expect(received.shift(1, bytes)).toHaveLength(1);
    expect(received.shift(9, bytes)).toHaveLength(1);
    expect(received.bytes).toBe(0);
  });
});
