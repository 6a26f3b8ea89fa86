import { describe, expect, it } from 'vitest';
import { FleetClock } from '../../../src/core/fleet-clock.js';
import type { Mutation } from '../../../src/core/mutation.js';
import { Store } from '../../../src/core/store.js';
import { FloorKeeper } from '../../../src/engines/fleet/floor-keeper.js';
import { defaultFleetTuning, type FleetTuning } from '../../../src/engines/fleet/replication/tuning.js';
import { stampInsert, stampRemoval } from '../../support/stamp.js';
import { ServerTime, World } from '../../support/sim-time.js';

const TUNING: FleetTuning = {
  ...defaultFleetTuning,
  floorEmptyKeys: 20,
  floorManyKeys: 1_000,
  floorPartsPerTurn: 256,
};

/** A keeper over a store of its own, which writes at once. */
class Stand {
  readonly world = new World();
  readonly time = new ServerTime(this.world, 1, 0, () => undefined);
  readonly store = new Store(new FleetClock(() => this.time.wallMs(), 0));
  lowest = true;
  writable = true;

  constructor(tuning: Partial<FleetTuning> = {}) {
    new FloorKeeper({
      store: this.store,
      time: this.time,
      tuning: { ...TUNING, ...tuning },
      isLowest: () => this.lowest,
      mayWrite: () => this.writable,
      step: (plan) => {
        for (const mutation of plan()) this.apply(mutation);
      },
    }).start();
  }

  comeAndGo(keys: number): void {
    for (let i = 0; i < keys; i++) {
      const key = `vai ${i}`;
      this.apply(stampInsert(this.store, 'o', key, 'valor', this.time.wallMs()));
      this.apply(stampRemoval(this.store, key));
    }
  }

  stay(keys: number): void {
    for (let i = 0; i < keys; i++)
      this.apply(stampInsert(this.store, 'o', `fica ${i}`, 'valor', this.time.wallMs()));
  }

  pass(ms: number): void {
    const until = this.world.nowMs + ms;
    while (this.world.step(until));
  }

  private apply(mutation: Mutation): void {
    this.store.apply('o', this.store.vector.seqOf('o') + 1, mutation);
  }
}

describe('the keeper of floors', () => {
  it('has the keys forgotten once there are too many without entries, and no sooner', () => {
    const stand = new Stand();
    stand.comeAndGo(20);
    stand.pass(60_000);
    expect(stand.store.emptyKeyCount).toBe(20);
    stand.comeAndGo(21);
    stand.pass(60_000);
    expect([stand.store.emptyKeyCount, stand.store.keyCount]).toEqual([0, 0]);
  });

  it('waits for more of them than there are living keys, but not near the limit of keys', () => {
    for (const [floorManyKeys, left] of [
      [1_000, 30],
      [50, 0],
    ] as const) {
      const stand = new Stand({ floorManyKeys });
      stand.stay(40);
      stand.comeAndGo(30);
      stand.pass(60_000);
      expect(stand.store.emptyKeyCount).toBe(left);
    }
  });

  it('leaves it to the lowest server, unless that has not done it for long', () => {
    const stand = new Stand();
    stand.lowest = false;
    stand.comeAndGo(40);
    stand.pass(60_000);
    expect(stand.store.emptyKeyCount).toBe(40);
    stand.comeAndGo(41);
    stand.pass(60_000);
    expect(stand.store.emptyKeyCount).toBe(0);
  });

  it('writes nothing while it may not', () => {
    const stand = new Stand();
    stand.writable = false;
    stand.comeAndGo(50);
    stand.pass(60_000);
    expect(stand.store.emptyKeyCount).toBe(50);
    stand.writable = true;
    stand.pass(60_000);
    expect(stand.store.emptyKeyCount).toBe(0);
  });

  it('forgets few of them too, where an option says how often', () => {
    const stand = new Stand({ floorAfterMs: 3_600_000 });
    stand.comeAndGo(3);
    stand.pass(3_000_000);
    expect(stand.store.emptyKeyCount).toBe(3);
    stand.pass(700_000);
    expect(stand.store.emptyKeyCount).toBe(0);
  });
});
