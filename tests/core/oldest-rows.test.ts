import { describe, expect, it } from 'vitest';
import { FleetClock } from '../../src/core/fleet-clock.js';
import type { DiscardMutation, InsertMutation } from '../../src/core/mutation.js';
import { keysBeyond } from '../../src/core/oldest-rows.js';
import type { RetentionBound } from '../../src/core/retention.js';
import { Store } from '../../src/core/store.js';

const KEY = 'chave';

/** A store to which inserts come as their writers made them. */
class Hand {
  nowMs = 10_000;
  readonly store = new Store(new FleetClock(() => this.nowMs, 1_000));
  private readonly seqs = new Map<string, number>();

  insert(origin: string, version: number, timestamp: number, more: Partial<InsertMutation> = {}): void {
    const value = `${origin}${version}`;
    this.apply(origin, { kind: 'insert', key: KEY, value, version, timestamp, context: [], ...more });
  }

  apply(origin: string, mutation: InsertMutation | DiscardMutation): void {
    const seq = (this.seqs.get(origin) ?? 0) + 1;
    this.seqs.set(origin, seq);
    this.store.apply(origin, seq, mutation);
  }

  beyond(bound: RetentionBound, most = 1000): DiscardMutation | undefined {
    return this.store.key(KEY).removalBeyond(bound, this.nowMs, most);
  }

  /** Seqs of the entries of one origin that would go. */
  gone(bound: RetentionBound, most?: number): readonly string[] {
    return (this.beyond(bound, most)?.dots ?? []).map(({ origin, seq }) => `${origin}${seq}`);
  }

  values(): readonly string[] {
    return this.store.keySpace.rows(this.store.keySpace.keys.find(KEY)!).map((row) => {
      return this.store.keySpace.entries.value(row);
    });
  }
}

describe('what is beyond a bound', () => {
  it('is all but the last so many, the oldest first, and no more than was asked for', () => {
    const hand = new Hand();
    for (let n = 1; n <= 5; n++) hand.insert('a', n, 100 * n);
    expect(hand.gone({ versions: 2 })).toEqual(['a1', 'a2', 'a3']);
    expect(hand.gone({ versions: 2 }, 2)).toEqual(['a1', 'a2']);
    expect(hand.gone({ versions: 5 })).toEqual([]);
    expect(hand.beyond({ versions: 2 })).toMatchObject({ kind: 'discard', passed: [] });
  });

  it('is what is too old, and never the newest value', () => {
    const hand = new Hand();
    for (let n = 1; n <= 5; n++) hand.insert('a', n, 1000 * n);
    expect(hand.gone({ ageMs: 7_000 })).toEqual(['a1', 'a2']);
    hand.nowMs = 1e6;
    expect(hand.gone({ ageMs: 7_000 })).toEqual(['a1', 'a2', 'a3', 'a4']);
    expect(hand.gone({ versions: 2, ageMs: 999_999 })).toEqual(['a1', 'a2', 'a3']);
    expect(hand.gone({ versions: 4, ageMs: 7_000 })).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('goes by the order of time where that of versions differs, as a trim does', () => {
    const hand = new Hand();
    for (let n = 1; n <= 3; n++) hand.insert('a', n, 100 + n);
    hand.insert('b', 1, 900);
    expect(hand.gone({ versions: 1 })).toEqual(['a1', 'a2', 'a3']);
    expect(hand.store.key(KEY).removalOfOthers()[0]?.keep).toEqual({ origin: 'b', seq: 1 });
  });

  it('leaves expired entries to the sweep, and counts what can be read', () => {
    const hand = new Hand();
    hand.insert('a', 1, 100);
    hand.insert('a', 2, 200, { expiresAt: 5_000 });
    hand.insert('b', 3, 300);
    hand.insert('b', 4, 400);
    expect(hand.gone({ versions: 2 })).toEqual(['a1']);
    expect(hand.gone({ versions: 1 })).toEqual(['a1', 'b1']);
  });

  it('never takes the newest visible value, also where a later one has passed', () => {
    const hand = new Hand();
    hand.insert('c', 1, 150);
    hand.insert('a', 1, 100);
    hand.insert('a', 2, 200);
    // Whoever wrote it had seen what a wrote, and not c.
    hand.insert('b', 3, 300, { expiresAt: 5_000, context: [['a', 2]] });
    expect(hand.store.getAt(KEY)?.value).toBe('c1');
    expect(hand.gone({ versions: 1 })).toEqual(['a1']);
    hand.apply('b', hand.beyond({ versions: 1 })!);
    expect(hand.gone({ versions: 1 })).toEqual([]);
    expect(hand.store.getAt(KEY)?.value).toBe('c1');
  });

  it('is nothing of a key without entries, with one, or unknown', () => {
    const hand = new Hand();
    expect(hand.beyond({ versions: 1 })).toBeUndefined();
    hand.insert('a', 1, 100);
    expect(hand.beyond({ versions: 1, ageMs: 1 })).toBeUndefined();
  });
});

describe('discards of the oldest of a long history', () => {
  const LENGTH = 50;

  /** The same discard where it meets a short history, of which every row is looked at. */
  function slowly(hand: Hand, discard: DiscardMutation): readonly string[] {
    const named = new Set(discard.dots.map(({ origin, seq }) => `${origin}:${seq}`));
    const { keySpace } = hand.store;
    const rows = keySpace.rows(keySpace.keys.find(KEY)!);
    return rows
      .filter((row) => !named.has(`${keySpace.entries.originName(row)}:${keySpace.entries.seq(row)}`))
      .map((row) => keySpace.entries.value(row));
  }

  it('remove the same as any others do, whatever is there', () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 300; round++) {
      const hand = new Hand();
      const clocks = new Map<string, number>();
      for (let n = 0; n < LENGTH; n++) {
        const origin = 'abc'[random(round % 3 === 0 ? 1 : 3)]!;
        const timestamp = (clocks.get(origin) ?? 0) + 1 + random(5);
        clocks.set(origin, timestamp);
        const expiresAt = random(10) === 0 ? { expiresAt: random(2) === 0 ? 9_000 : 11_000 } : {};
        hand.insert(origin, 1 + (hand.store.entriesOf(KEY) >> random(2)), timestamp, expiresAt);
      }
      for (let step = 0; step < 6; step++) {
        const planned = hand.beyond({ versions: 5 }, 1 + random(12));
        if (planned === undefined) break;
        // A part of it may be gone already, or be somewhere in the middle.
        const dots = planned.dots.map((dot) =>
          random(8) === 0 ? { ...dot, seq: dot.seq + random(4) } : dot,
        );
        const discard = { ...planned, dots };
        const expected = slowly(hand, discard);
        hand.apply('z', discard);
        expect(hand.values()).toEqual(expected);
        hand.apply('z', discard);
        expect(hand.values()).toEqual(expected);
      }
    }
  });

  it('cost no look at the whole of it', { timeout: 60_000 }, () => {
    const hand = new Hand();
    for (let n = 1; n <= 300_000; n++) hand.insert('a', n, n);
    const begun = performance.now();
    for (let turn = 0; turn < 100; turn++) hand.apply('z', hand.beyond({ versions: 10 }, 256)!);
    const eachMs = (performance.now() - begun) / 100;
    expect(hand.store.entriesOf(KEY)).toBe(300_000 - 25_600);
    // Looking at every row takes some 20 ms here; a busy machine gets room.
    expect(eachMs).toBeLessThan(10);
  });
});

describe('the walk over the keys', () => {
  it('finds every key that is beyond, stretch by stretch', () => {
    const store = new Store();
    let seq = 0;
    const insert = (key: string, version: number): void => {
      const insert = { kind: 'insert', key, value: 'x', version, timestamp: version, context: [] } as const;
      store.apply('a', ++seq, insert);
    };
    for (let n = 0; n < 9_000; n++) for (let v = 1; v <= (n % 9 === 0 ? 3 : 1); v++) insert(`k${n}`, v);
    const found: string[] = [];
    let stretches = 0;
    for (let place: number | undefined = 0; place !== undefined; stretches++) {
      const { keys, next } = keysBeyond(
        store.keySpace,
        place,
        (key) => (key.endsWith('0') ? { versions: 2 } : undefined),
        0,
      );
      found.push(...keys);
      place = next;
    }
    expect(found).toEqual(Array.from({ length: 100 }, (_, n) => `k${n * 90}`));
    expect(stretches).toBeGreaterThan(3);
  });
});
