import { describe, expect, it } from 'vitest';
import type { Dot, VectorEntries } from '../../src/core/dot.js';
import { Oracle, partOf } from '../support/oracle.js';
import { isSameDot, newestOf } from '../support/oracle-view.js';

const KEY = 'alfa';
const PART = partOf(KEY);
/** Another key of the same part. */
const OTHER = Array.from({ length: 20_000 }, (_, i) => `k${i}`).find((key) => partOf(key) === PART) as string;

/** A history made by hand. Clocks show what they are told. */
class Hand {
  readonly oracle = new Oracle();
  nowMs = 100;
  private readonly vectors = new Map<string, Map<string, number>>();

  /** A server hears everything of others. */
  hear(at: string, ...from: readonly string[]): void {
    for (const name of from)
      for (const [origin, seq] of this.of(name))
        this.of(at).set(origin, Math.max(seq, this.of(at).get(origin) ?? 0));
  }

  vector(at: string): VectorEntries {
    return [...this.of(at)];
  }

  /** Inserts with the numbers that are due, unless others are given. */
  insert(
    at: string,
    given: Partial<{ version: number; timestamp: number; expiresAt: number }> = {},
    key = KEY,
  ): Dot {
    const { greatestVersion, greatestTimestamp } = this.oracle.countersAt(this.vector(at), key);
    const due = { version: greatestVersion + 1, timestamp: Math.max(this.nowMs, greatestTimestamp + 1) };
    this.oracle.insert(at, this.vector(at), key, 'v', { ...due, ...given }, this.moment());
    return this.wrote(at);
  }

  remove(at: string, target: 'all' | 'allButNewest' | number = 'all'): Dot {
    this.oracle.remove(at, this.vector(at), KEY, target, this.nowMs);
    return this.wrote(at);
  }

  discard(at: string, dots: readonly Dot[], passed: VectorEntries = [], keeps?: number): void {
    this.oracle.discard(at, this.vector(at), KEY, { dots, passed }, { fleetMs: this.nowMs }, keeps);
    this.wrote(at);
  }

  floor(at: string, version: number, timestamp: number, isForced = true): void {
    const floor = { version, timestamp, paceMs: 0 };
    this.oracle.raiseFloor(at, this.vector(at), PART, floor, this.moment(), isForced);
    this.wrote(at);
  }

  state(at: string) {
    const { keys, floors } = this.oracle.stateAt(this.vector(at));
    return { key: keys.get(KEY), floor: floors.get(PART) };
  }

  latest(at: string, version?: number): number | undefined {
    return this.oracle.query(this.vector(at), KEY, version, this.nowMs)?.version;
  }

  private moment() {
    return { wallMs: this.nowMs, fleetMs: this.nowMs };
  }

  private of(at: string): Map<string, number> {
    const vector = this.vectors.get(at) ?? new Map<string, number>();
    this.vectors.set(at, vector);
    return vector;
  }

  private wrote(at: string): Dot {
    const seq = (this.of(at).get(at) ?? 0) + 1;
    this.of(at).set(at, seq);
    return { origin: at, seq };
  }
}

describe('floors in the oracle', () => {
  it('each number rises by its own maximum', () => {
    const hand = new Hand();
    for (const at of ['a', 'b']) for (let i = 0; i < 6; i++) hand.insert(at);
    hand.floor('a', 6, 50);
    hand.floor('b', 5, 90);
    hand.hear('c', 'a', 'b');
    expect(hand.state('c').floor).toMatchObject({ version: 6, timestamp: 90 });
  });

  it('forget a key without entries only where both of its numbers are reached', () => {
    const hand = new Hand();
    for (let i = 0; i < 3; i++) hand.insert('a');
    hand.floor('a', 3, 102);
    expect(hand.state('a').key?.entries).toHaveLength(3);
    hand.remove('a');
    expect(hand.state('a').key).toBeUndefined();
    hand.hear('b', 'a');
    hand.insert('b', { version: 4, timestamp: 103 });
    hand.remove('b');
    hand.floor('b', 4, 102);
    expect(hand.state('b').key).toMatchObject({ greatestVersion: 4, greatestTimestamp: 103, entries: [] });
    hand.floor('b', 3, 103);
    expect(hand.state('b').key).toBeUndefined();
  });

  it('make the numbers of a living key jump, and forget no number of another', () => {
    const hand = new Hand();
    for (let i = 0; i < 9; i++) hand.insert('a', {}, OTHER);
    hand.floor('a', 9, 108);
    hand.insert('b');
    hand.hear('b', 'a');
    expect(() => hand.insert('b', { version: 2 })).toThrow('version 2 after 9');
    expect(() => hand.insert('b', { timestamp: 102 })).toThrow('timestamp 102 at 100 after 108');
    hand.insert('b', { version: 10, timestamp: 109 });
    expect(hand.state('b').key?.entries.map(({ version }) => version)).toEqual([1, 10]);
  });

  it('never count a number that was seen as new, whatever the floors say', () => {
    const hand = new Hand();
    for (let i = 0; i < 3; i++) hand.insert('a');
    hand.remove('a');
    hand.hear('b', 'a');
    expect(() => hand.insert('b', { version: 3, timestamp: 200 })).toThrow('had seen 3@102');
    expect(() => hand.insert('b', { version: 4, timestamp: 102 })).toThrow('had seen 3@102');
  });

  it('are never raised above what was given, and by rule not above keys without entries', () => {
    const hand = new Hand();
    hand.insert('a');
    expect(() => hand.floor('a', 2, 0)).toThrow('above');
    expect(() => hand.floor('a', 0, 101)).toThrow('above');
    expect(() => hand.floor('a', 1, 0, false)).toThrow('above');
    hand.remove('a');
    hand.floor('a', 1, 100, false);
  });
});

describe('expiry in the oracle', () => {
  it('hides an entry and, from the latest, what its writer had observed', () => {
    const hand = new Hand();
    hand.insert('a');
    hand.hear('b', 'a');
    hand.insert('b', { expiresAt: 120 });
    expect(hand.latest('b')).toBe(2);
    hand.nowMs = 120;
    expect(hand.latest('b')).toBeUndefined();
    expect(hand.latest('b', 2)).toBe(1);
    // Who writes after that renews; a concurrent write was never hidden.
    hand.insert('a', { version: 2 });
    hand.hear('b', 'a');
    expect(hand.latest('b')).toBe(2);
    expect(newestOf(hand.oracle.entriesAt(hand.vector('b'), KEY), hand.nowMs)?.origin).toBe('a');
  });

  it('keeps what an expired entry hid hidden when that is swept, and no more', () => {
    const hand = new Hand();
    hand.insert('a');
    hand.hear('b', 'a');
    const expired = hand.insert('b', { expiresAt: 120 });
    hand.insert('a');
    hand.hear('b', 'a');
    expect(() => hand.discard('b', [expired], [['a', 1]])).toThrow('lives');
    hand.nowMs = 130;
    expect(() => hand.discard('b', [expired])).toThrow('does not mark');
    expect(() => hand.discard('b', [expired], [['a', 2]])).toThrow('marks');
    hand.discard('b', [expired], [['a', 1]]);
    expect(hand.state('b').key?.entries.map(({ version, passed }) => [version, passed])).toEqual([
      [1, true],
      [2, false],
    ]);
    hand.remove('b', 2);
    expect(hand.latest('b')).toBeUndefined();
    expect(hand.latest('b', 1)).toBe(1);
  });

  it('lets a renewal of another server survive the sweep', () => {
    const hand = new Hand();
    const expired = hand.insert('a', { expiresAt: 110 });
    hand.hear('b', 'a');
    const renewal = hand.insert('b', { expiresAt: 300 });
    hand.nowMs = 150;
    hand.discard('a', [expired]);
    hand.hear('a', 'b');
    expect(hand.state('a').key?.entries.map((entry) => isSameDot(entry, renewal))).toEqual([true]);
    expect(hand.latest('a')).toBe(2);
  });

  it('lets nobody write at a time before that of what it had applied', () => {
    const hand = new Hand();
    hand.insert('a');
    hand.hear('b', 'a');
    hand.nowMs = 99;
    const moment = { wallMs: 99, fleetMs: 99 };
    expect(() => hand.oracle.assertNotBehind('b', hand.vector('b'), moment)).toThrow('before 100');
    hand.oracle.assertNotBehind('b', hand.vector('b'), { wallMs: 99, fleetMs: 100 });
  });
});

describe('retention in the oracle', () => {
  it('goes by the order of time, as a trim does', () => {
    const hand = new Hand();
    for (let i = 0; i < 3; i++) hand.insert('a');
    hand.nowMs = 500;
    const late = hand.insert('b');
    hand.hear('a', 'b');
    const entries = hand.oracle.entriesAt(hand.vector('a'), KEY);
    const beyond = hand.oracle.retention(hand.vector('a'), KEY, 1, hand.nowMs);
    expect(beyond).toHaveLength(3);
    expect(beyond.some((entry) => isSameDot(entry, late))).toBe(false);
    expect(hand.oracle.targets(hand.vector('a'), KEY, 'allButNewest', hand.nowMs)).toEqual(
      entries.filter((entry) => !isSameDot(entry, late)),
    );
    expect(() => hand.discard('a', [late], [], 1)).toThrow('lives');
    hand.discard('a', beyond, [], 1);
    expect(hand.state('a').key?.entries).toHaveLength(1);
  });
});
