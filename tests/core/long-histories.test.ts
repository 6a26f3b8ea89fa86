import { describe, expect, it } from 'vitest';
import { EntryTable } from '../../src/core/entries.js';
import { FleetClock } from '../../src/core/fleet-clock.js';
import { Histories } from '../../src/core/histories.js';
import { limits } from '../../src/core/limits.js';
import { KeyTable } from '../../src/core/keys.js';
import { Store } from '../../src/core/store.js';
import { VersionVector } from '../../src/core/vector.js';
import { planWrite } from '../../src/engines/store-plan.js';
import { Room } from '../../src/engines/room.js';
import { Sweeper } from '../../src/engines/fleet/sweeper.js';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { codeOf } from './support.js';
import { SeededRandom } from '../support/sim-random.js';
import type { Time } from '../../src/ports/time.js';

const KEY = 'k';
const TTL_MS = 1_000;

/** One store and its clock, and writers as many as wanted. */
class Long {
  nowMs = 1_000_000;
  readonly store = new Store(new FleetClock(() => this.nowMs, 0));
  private readonly room = new Room();

  /** @returns the names in the context of the insert */
  put(origin: string, ttlMs?: number): readonly string[] {
    const { store, room } = this;
    const write = {
      kind: 'insert',
      key: KEY,
      value: 'v',
      ...(ttlMs === undefined ? {} : { ttlMs }),
    } as const;
    const [insert] = planWrite({ store, origin, room }, write, this.nowMs).mutations;
    if (insert?.kind !== 'insert') throw new Error('no insert');
    store.apply(origin, store.vector.seqOf(origin) + 1, insert);
    return insert.context.map(([name]) => name);
  }

  /** An insert by a writer that had observed nothing. */
  alone(origin: string, context: readonly (readonly [string, number])[] = [], expiresAt?: number): void {
    const { store } = this;
    const insert = { kind: 'insert', key: KEY, value: origin, version: 1, timestamp: this.nowMs } as const;
    const seq = store.vector.seqOf(origin) + 1;
    store.apply(origin, seq, { ...insert, context, ...(expiresAt === undefined ? {} : { expiresAt }) });
  }
}

/** What a mutation names beyond this would be taken for invalid by peers, and by the server's own journal. */
describe('a key with versions of very many origins', () => {
  const MANY = 2 * limits.contextOrigins + 100;

  it('takes no value that expires, which would name them all, and takes it once they are fewer', () => {
    const long = new Long();
    for (let i = 0; i < limits.contextOrigins; i++) long.put(`o${i}`);
    expect(long.put('last', TTL_MS)).toHaveLength(limits.contextOrigins);
    expect(codeOf(() => long.put('more', TTL_MS))).toBe('LIMITE_VERSOES_POR_CHAVE');
    expect(long.put('more')).toContain('last');
    for (const mutation of long.store.key(KEY).removalOfOthers())
      long.store.apply('trim', 1 + long.store.vector.seqOf('trim'), mutation);
    expect(long.put('again', TTL_MS)).toEqual(['more']);
  });

  it('never has more in the context of an insert, however many are heads; the rest go with later inserts', () => {
    const long = new Long();
    for (let i = 0; i < MANY; i++) long.alone(`o${i}`);
    let inserts = 0;
    for (; long.store.heads(KEY).length > 1 && inserts < 10; inserts++)
      expect(long.put('w').length).toBeLessThanOrEqual(limits.contextOrigins);
    expect(inserts).toBe(Math.ceil(MANY / limits.contextOrigins));
  });

  it('is swept in several steps, and nothing hidden comes back in between', () => {
    const long = new Long();
    const names = Array.from({ length: MANY }, (_, i) => `o${i}`);
    for (const name of names) long.alone(name);
    const half = Math.floor(MANY / 2);
    const all = names.map((name) => [name, 1] as const);
    long.alone('e1', all.slice(0, half), long.nowMs + TTL_MS);
    long.alone('e2', all.slice(half), long.nowMs + TTL_MS);
    long.nowMs += TTL_MS;
    let steps = 0;
    for (; long.store.expiringCount > 0 && steps < 10; steps++) {
      expect(long.store.get(KEY)).toBeUndefined();
      for (const discard of long.store.dueDiscards(1)) {
        expect(discard.passed.length).toBeLessThanOrEqual(limits.contextOrigins);
        long.store.apply('s', steps + 1, discard);
      }
    }
    expect(long.store.expiringCount).toBe(0);
    expect(long.store.get(KEY)).toBeUndefined();
    expect(long.store.entryCount).toBe(MANY);
  });
});

describe('a key with very many versions that expire', () => {
  const VERSIONS = 8 * limits.discardDots;

  it('is swept without a rest, so that who writes it faster does not fill the store', () => {
    const long = new Long();
    for (let i = 0; i < VERSIONS; i++) long.put('o', TTL_MS);
    long.nowMs += TTL_MS;
    let waitedMs = 0;
    const timers: [number, () => void][] = [];
    const time: Time = {
      wallMs: () => long.nowMs,
      monotonicMs: () => waitedMs,
      atEndOfTurn: () => undefined,
      after: (ms, call) => {
        timers.push([ms, call]);
        return () => undefined;
      },
    };
    const sweeper = new Sweeper({
      ...{ store: long.store, time, tuning: defaultFleetTuning, isLowest: () => true, mayWrite: () => true },
      step: (plan) => {
        for (const mutation of plan()) long.store.apply('s', 1 + long.store.vector.seqOf('s'), mutation);
      },
    });
    sweeper.start();
    for (let turns = 0; long.store.expiringCount > 0 && turns < 100; turns++) {
      const [ms, call] = timers.shift()!;
      waitedMs += ms;
      call();
    }
    expect(long.store.expiringCount).toBe(0);
    expect(waitedMs).toBeLessThan(2 * defaultFleetTuning.sweepIntervalMs);
  });

  it('is read and written with a look at few of them while none has expired', () => {
    const long = new Long();
    for (let i = 0; i < VERSIONS; i++) long.put('o', TTL_MS);
    let looks = 0;
    const { entries } = long.store.keySpace;
    for (const name of ['expires', 'seq', 'origin'] as const) {
      const look = entries[name].bind(entries) as (row: number) => never;
      entries[name] = (row: number): never => {
        looks++;
        return look(row);
      };
    }
    for (let i = 0; i < 10; i++) {
      expect(long.store.get(KEY)?.version).toBe(VERSIONS + i);
      long.put('o', TTL_MS);
    }
    expect(looks / 10).toBeLessThan(10 * Math.log2(VERSIONS));
  });
});

/** Peers' messages name as many dots as fit a payload, whoever wrote them. */
it('a removal that names very many of very many siblings takes a look at each of them', () => {
  const SIBLINGS = 20_000;
  const store = new Store();
  const sibling = { kind: 'insert', key: KEY, value: 'v', version: 1, timestamp: 1, context: [] } as const;
  for (let seq = 1; seq <= SIBLINGS; seq++) store.apply('o', seq, sibling);
  let looks = 0;
  const { entries } = store.keySpace;
  const seq = entries.seq.bind(entries);
  entries.seq = (row) => {
    looks++;
    return seq(row);
  };
  const dots = Array.from({ length: SIBLINGS }, (_, i) => ({ origin: 'o', seq: 2 * i + 2 }));
  store.apply('p', 1, { kind: 'removeDots', key: KEY, version: 1, dots });
  expect(store.entryCount).toBe(SIBLINGS / 2);
  expect(looks).toBeLessThan(20 * SIBLINGS);
});

describe('the keys of a part', () => {
  it('are those added and not forgotten, in whatever order', () => {
    const table = new KeyTable(() => true, new Histories(new EntryTable(new VersionVector())));
    const random = new SeededRandom(7);
    const kept = new Map<string, number>();
    for (let step = 0; step < 20_000; step++) {
      const name = `k${Math.floor(random.next() * 4_000)}`;
      const slot = kept.get(name);
      if (slot === undefined) kept.set(name, table.findOrAdd(name));
      else {
        table.forget(slot);
        kept.delete(name);
      }
    }
    const found: string[] = [];
    for (let part = 0; part < limits.parts; part++)
      for (const slot of table.ofPart(part)) {
        expect(table.partOf(slot)).toBe(part);
        found.push(table.name(slot));
      }
    expect(found.sort()).toEqual([...kept.keys()].sort());
    expect(table.count).toBe(kept.size);
  });
});
