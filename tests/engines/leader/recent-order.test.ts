import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Origin } from '../../../src/core/dot.js';
import type { InsertMutation } from '../../../src/core/mutation.js';
import { VersionVector } from '../../../src/core/vector.js';
import { RecentOrder } from '../../../src/engines/leader/watching/recent-order.js';
import {
  decodeOrderPlace,
  encodeOrderPlace,
  orderStartOver,
} from '../../../src/engines/leader/watching/token.js';
import { vectorOf } from '../../support/vector-of.js';

const ROOMY = { logMutations: 10_000, logBytes: 1e9 };
const insert: InsertMutation = {
  kind: 'insert',
  key: 'k',
  value: 'v',
  version: 1,
  timestamp: 1,
  context: [],
};

function write(order: RecentOrder, origin: Origin, seq: number): void {
  order.applied({ mutation: insert, origin, seq, removed: undefined });
  order.show();
}

/** Reigns: so many mutations of each leader, one after the other. */
const reigns = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });

function dots(counts: readonly number[]): (readonly [Origin, number])[] {
  return counts.flatMap((count, r) => Array.from({ length: count }, (_, i) => [`lider${r}`, i + 1] as const));
}

describe('the one order of all mutations', () => {
  it('has the same places on every server, whatever each has forgotten or taken as a state', () => {
    fc.assert(
      fc.property(reigns, fc.nat(), fc.integer({ min: 1, max: 8 }), (counts, joined, most) => {
        const all = dots(counts);
        const whole = new RecentOrder(ROOMY);
        const short = new RecentOrder({ ...ROOMY, logMutations: most });
        const late = new RecentOrder(ROOMY);
        const at = joined % (all.length + 1);
        for (const [origin, seq] of all) for (const order of [whole, short]) write(order, origin, seq);
        const [before, next] = [all[at - 1], all[at]];
        const isMiddle = before !== undefined && before[0] === next?.[0];
        late.replaced(
          vectorOf(new Map(all.slice(0, at))),
          isMiddle ? { origin: before[0], seq: before[1] } : undefined,
        );
        for (const [origin, seq] of all.slice(at)) write(late, origin, seq);
        for (let told = 0; told <= all.length; told++) {
          const place = whole.placeAt(told);
          expect(place.last).toEqual(
            told === 0 ? undefined : { origin: all[told - 1]![0], seq: all[told - 1]![1] },
          );
          expect(whole.find(place)).toBe(told);
          // Elsewhere it is the place with as many still to come, or none.
          const rest = all.length - told;
          expect(short.find(place)).toBe(rest <= Math.min(most, all.length) ? told : undefined);
          expect(late.find(place)).toBe(told >= at ? late.end - rest : undefined);
          const back = late.start + told - at;
          if (told >= at) expect(whole.find(late.placeAt(back))).toBe(told);
        }
      }),
    );
  });

  it('tells what may be shown, and nothing else', () => {
    const order = new RecentOrder(ROOMY);
    order.applied({ mutation: insert, origin: 'a', seq: 1, removed: undefined });
    expect([order.end, order.appliedEnd, order.at(0)]).toEqual([0, 1, undefined]);
    expect(order.hasShown({ origin: 'a', seq: 1 })).toBe(false);
    order.show();
    expect(order.at(0)?.seq).toBe(1);
    expect(order.hasShown({ origin: 'a', seq: 1 })).toBe(true);
    expect(order.hasShown({ origin: 'a', seq: 2 })).toBe(false);
    order.applied({ mutation: insert, origin: 'a', seq: 2, removed: undefined });
    order.replaced(new VersionVector());
    expect(order.end).toBe(order.appliedEnd);
    expect(order.at(0)).toBeUndefined();
  });

  it('knows no place of another order', () => {
    const order = new RecentOrder(ROOMY);
    for (const [origin, seq] of dots([3])) write(order, origin, seq);
    const other = new RecentOrder(ROOMY);
    other.replaced(vectorOf([['outro', 1]]));
    for (const [origin, seq] of dots([3])) write(other, origin, seq);
    for (const position of [0, 1, 2, 3])
      expect(order.find(other.placeAt(other.start + position))).toBeUndefined();
  });

  it('is bounded by bytes too', () => {
    const order = new RecentOrder({ logMutations: 100, logBytes: 1_000 });
    for (const [origin, seq] of dots([50])) write(order, origin, seq);
    expect(order.end - order.start).toBeLessThan(10);
    expect(order.end - order.start).toBeGreaterThan(0);
  });
});

describe('the token of a place in the order', () => {
  const place = { last: { origin: 'lider0' as Origin, seq: 7 }, hash: '0123456789abcdef' };

  it.each([place, { ...place, last: undefined }, { ...place, cut: { version: 3, origin: 'lider9' } }])(
    'comes back: %j',
    (one) => {
      const text = encodeOrderPlace('lider-x', one);
      expect(text).toMatch(/^[!-~]+$/);
      expect(decodeOrderPlace(text, 'lider-x')).toEqual({ cut: undefined, ...one });
      expect(decodeOrderPlace(text, 'lider-y')).toBeUndefined();
    },
  );

  it('means to begin again where it is nothing else', () => {
    for (const text of [
      '',
      'ol1',
      orderStartOver('s'),
      'ol1.s.a:1.xyz',
      'ol1.s.a.0123456789abcdef',
      'ol1.s.a:1.0123456789abcdef.x',
    ]) {
      expect(decodeOrderPlace(text, 's')).toBeUndefined();
    }
  });
});
