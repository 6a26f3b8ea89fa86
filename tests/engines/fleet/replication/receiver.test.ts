import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../../src/core/mutation.js';
import { stateText } from '../../../support/oracle-compare.js';
import { batch, Road } from './support.js';

const SEED = 20_240_229;

/** What three writers said, with causes across them. */
const SAID: readonly Batch[] = [
  batch('a', 1, 2),
  batch('b', 1, 1, [['a', 2]]),
  batch('a', 3, 1, [['b', 1]]),
  batch('b', 2, 3),
  batch('c', 1, 1, [
    ['a', 3],
    ['b', 4],
  ]),
  batch('c', 2, 2),
];

function inOrder(): Road {
  const road = new Road('w');
  for (const said of SAID) road.receive(said);
  return road;
}

describe('Receiver', () => {
  it('ends in one state from any order and repetition', () => {
    const expected = inOrder();
    const index = fc.integer({ min: 0, max: SAID.length - 1 });
    const property = fc.property(
      fc.shuffledSubarray([...SAID], { minLength: SAID.length }),
      fc.array(index),
      (order, again) => {
        const road = new Road('w');
        for (const said of [...order, ...again.map((i) => SAID[i] as Batch)]) road.receive(said);
        expect(stateText(road.store)).toBe(stateText(expected.store));
        expect(road.store.vector.digest()).toBe(expected.store.vector.digest());
        expect(road.receiver.isWaiting).toBe(false);
        expect(road.receiver.counters.applied).toBe(10);
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  it('never shows an effect without its cause, at any moment', () => {
    const property = fc.property(fc.shuffledSubarray([...SAID], { minLength: SAID.length }), (order) => {
      const road = new Road('w');
      for (const said of order) {
        road.receive(said);
        for (const { origin, first, dependencies } of SAID) {
          if (road.store.vector.seqOf(origin) >= first)
            expect(road.store.vector.covers(dependencies)).toBe(true);
        }
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  it('drops what it holds beyond its bounds, and takes it when it comes again', () => {
    const road = new Road('w', { heldBatches: 2 });
    for (const said of [...SAID].reverse()) road.receive(said);
    expect(road.receiver.counters.dropped).toBeGreaterThan(0);
    for (const said of SAID) road.receive(said);
    expect(stateText(road.store)).toBe(stateText(inOrder().store));
    expect(road.receiver.isWaiting).toBe(false);
  });

  it('drops what it holds beyond its bytes', () => {
    const road = new Road('w', { heldBytes: 25 });
    for (const first of [2, 3, 4, 5]) road.receive(batch('a', first));
    expect(road.receiver.counters.dropped).toBe(2);
  });

  it('ignores the echo of its own, also of what it has not written', () => {
    const road = new Road('w');
    road.receive(batch('w', 1, 5));
    expect(road.store.vector.entries()).toEqual([]);
    expect(road.receiver.counters.echoes).toBe(1);
    expect(road.receiver.isWaiting).toBe(false);
  });

  it('takes from an overlapping batch only what is new', () => {
    const road = new Road('w');
    road.receive(batch('a', 1, 3));
    road.receive(batch('a', 2, 4));
    expect(road.store.vector.seqOf('a')).toBe(5);
    expect(road.receiver.counters.applied).toBe(5);
    expect(road.store.entryCount).toBe(5);
  });

  it('is not crowded out by forged gaps', () => {
    const road = new Road('w', { heldBatches: 10 });
    road.receive(batch('a', 2));
    for (let i = 0; i < 5_000; i++) road.receive(batch('forged', 1_000_000 + i));
    expect(road.store.entryCount).toBe(0);
    expect(road.receiver.counters.dropped).toBe(4_991);
    road.receive(batch('a', 1));
    expect(road.store.vector.entries()).toEqual([['a', 2]]);
    expect([...road.receiver.waitingFor]).toEqual(['forged']);
  });

  it('applies nothing of further origins when it knows as many as it may', () => {
    const road = new Road('w', { peerOrigins: 2 });
    for (const origin of ['a', 'b', 'c']) road.receive(batch(origin, 1));
    expect(road.store.vector.entries()).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    road.receive(batch('a', 2));
    expect(road.store.vector.seqOf('a')).toBe(2);
  });
});
