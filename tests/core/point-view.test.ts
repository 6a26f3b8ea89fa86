import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetClock } from '../../src/core/fleet-clock.js';
import { everyVersion } from '../../src/core/point-view.js';
import { Store } from '../../src/core/store.js';
import { Room } from '../../src/engines/room.js';
import { planWrite } from '../../src/engines/store-plan.js';
import { stampInsert, stampRemoval, stampTrim } from '../support/stamp.js';

const KEYS = ['a', 'b', 'c', 'd'];

/** One change of a store by one of two writers: an insert, or the removal of a version or of everything. */
const change = fc.record({
  key: fc.constantFrom(...KEYS),
  origin: fc.constantFrom('oA', 'oB'),
  kind: fc.constantFrom('insert', 'insert', 'removeAll', 'removeOldest', 'trim'),
});

function apply(store: Store, { key, origin, kind }: { key: string; origin: string; kind: string }): void {
  const seq = store.vector.seqOf(origin) + 1;
  if (kind === 'insert') {
    store.apply(origin, seq, stampInsert(store, origin, key, `${origin}${seq}`, 1_000));
    return;
  }
  if (store.entriesOf(key) === 0) return;
  const oldest = [...store.fragments()].find((fragment) => fragment.key === key)?.entries[0]?.version ?? 0;
  const removal =
    kind === 'trim'
      ? stampTrim(store, key)
      : kind === 'removeAll'
        ? stampRemoval(store, key)
        : stampRemoval(store, key, oldest);
  if (removal) store.apply(origin, seq, removal);
}

function everything(store: Store): string[] {
  const all = [...store.fragments()].flatMap(({ key, entries }) =>
    entries.map(({ version, value }) => `${key} ${version} ${value}`),
  );
  return all.sort();
}

describe('a walk over every version at one moment', () => {
  it('shows what was there when it began, whatever changes while it is read', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 40 }),
        fc.array(fc.tuple(fc.nat(4), change), { maxLength: 40 }),
        (before, during) => {
          const store = new Store();
          for (const one of before) apply(store, one);
          const expected = everything(store);
          const walk = everyVersion(store);
          const read: string[] = [];
          let last: { key: string; version: number } | undefined;
          const step = (): boolean => {
            const next = walk.next();
            if (next.done === true) return false;
            const row = next.value;
            if (!row) return true;
            if (last?.key === row.key) expect(row.version).toBeGreaterThanOrEqual(last.version);
            last = row;
            read.push(`${row.key} ${row.version} ${row.value}`);
            return true;
          };
          let more = step();
          for (const [steps, one] of during) {
            apply(store, one);
            for (let i = 0; i < steps && more; i++) more = step();
          }
          while (more) more = step();
          expect(read.sort()).toEqual(expected);
          expect(store.keySpace.views.size).toBe(0);
        },
      ),
    );
  });

  it('leaves out a key of which only history is left, swept or not, since a copy would bring it back', () => {
    let nowMs = 1_000;
    const store = new Store(new FleetClock(() => nowMs, 0));
    const insert = (key: string, value: string, ttlMs?: number): void => {
      const seq = store.vector.seqOf('oA') + 1;
      const [mutation] = planWrite(
        { store, origin: 'oA', room: new Room() },
        { kind: 'insert', key, value, ttlMs },
        nowMs,
      ).mutations;
      store.apply('oA', seq, mutation!);
    };
    for (const key of ['a', 'b', 'c']) insert(key, 'antes');
    for (const key of ['a', 'b', 'd']) insert(key, 'passa', 10);
    insert('b', 'depois');
    const rows = (): string[] => [...everyVersion(store)].map((row) => `${row?.key} ${row?.value}`);
    expect(rows()).toEqual(['a antes', 'a passa', 'b antes', 'b passa', 'b depois', 'c antes', 'd passa']);
    nowMs += 10;
    const left = ['b antes', 'b depois', 'c antes'];
    expect(rows()).toEqual(left);
    for (const discard of store.dueDiscards(9)) store.apply('oA', store.vector.seqOf('oA') + 1, discard);
    expect(store.entryCount).toBe(4);
    expect(rows()).toEqual(left);
  });

  it('ends with LEITURA_VENCIDA when everything is replaced', () => {
    const store = new Store();
    for (const key of KEYS) apply(store, { key, origin: 'oA', kind: 'insert' });
    const walk = everyVersion(store);
    walk.next();
    store.adopt(new Store());
    expect(() => walk.next()).toThrow(expect.objectContaining({ code: 'LEITURA_VENCIDA' }));
  });
});
