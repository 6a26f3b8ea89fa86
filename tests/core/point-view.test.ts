import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyVersion } from '../../src/core/point-view.js';
import { Store } from '../../src/core/store.js';
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

  it('ends with LEITURA_VENCIDA when everything is replaced', () => {
    const store = new Store();
    for (const key of KEYS) apply(store, { key, origin: 'oA', kind: 'insert' });
    const walk = everyVersion(store);
    walk.next();
    store.adopt(new Store());
    expect(() => walk.next()).toThrow(expect.objectContaining({ code: 'LEITURA_VENCIDA' }));
  });
});
