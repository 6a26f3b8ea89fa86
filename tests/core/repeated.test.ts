import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Changes } from '../../src/core/changes.js';
import { losersOf } from '../../src/core/repeated.js';
import { RequestMemory } from '../../src/core/request-memory.js';
import { RequestRows } from '../../src/core/request-rows.js';
import { joinStage, Stage } from '../../src/core/stage.js';
import { Store } from '../../src/core/store.js';
import { VersionVector } from '../../src/core/vector.js';
import { PartSet } from '../../src/core/parts.js';
import { walkPage, WALK_START } from '../../src/core/walk.js';
import { insert } from './support.js';
import { stampInsert, stampRemoval } from '../support/stamp.js';

const BOUNDS = { requests: 10, requestAgeMs: 1_000, requestSkewMs: 50 };
const ID = 'loyw438s-abcdefghijkl';

/** One attempt, by a writer of its own. */
interface Write {
  readonly origin: string;
  readonly number: number;
}

function write(store: Store, { origin, number }: Write, value = 'valor', key = 'chave', id = ID): void {
  const seq = store.vector.seqOf(origin) + 1;
  store.apply(origin, seq, insert(key, number, { value, attempt: { id, number } }));
}

const nothing = new RequestMemory(BOUNDS, 0);
const losers = (store: Store, memory = nothing): string[] =>
  losersOf(store.keySpace, memory, ID)
    .map(({ origin, winner }) => `${origin} to ${winner}`)
    .sort();

/** Gives the whole state of one store to another, or all but what entries were written for, as older servers do. */
function transfer(from: Store, to: Store, withRequests = true): void {
  const stage = new Stage(
    VersionVector.of(to.vector.origins, from.vector.entries()),
    PartSet.all(),
    to.vector.copy(),
  );
  const { keys } = walkPage(from, WALK_START, PartSet.all(), 100_000);
  const given = withRequests
    ? keys
    : keys.map((key) => ({
        ...key,
        entries: key.entries.map((entry) => ({ ...entry, attempt: undefined })),
      }));
  stage.takePage([], given);
  joinStage(to, stage);
}

describe('attempts of one request in a store', () => {
  const writes = fc.uniqueArray(
    fc.record({ origin: fc.constantFrom('oA', 'oB', 'oC', 'oD'), number: fc.integer({ min: 1, max: 4 }) }),
    { minLength: 1, selector: ({ origin }) => origin },
  );

  it('have one of them stand, the same in whatever order and on whatever way they come', () => {
    const property = fc.property(writes, fc.nat(), (all, cut) => {
      const [last] = [...all].sort((a, b) => b.number - a.number || (a.origin < b.origin ? 1 : -1));
      const due = all.filter((each) => each !== last).map(({ origin }) => `${origin} to ${last?.origin}`);
      const [one, other, empty] = [new Store(), new Store(), new Store()];
      for (const each of all.slice(0, cut % (all.length + 1))) write(one, each);
      for (const each of all.slice(cut % (all.length + 1))) write(other, each);
      transfer(other, one);
      transfer(one, empty);
      for (const store of [one, empty]) expect(losers(store)).toEqual(due.sort());
    });
    fc.assert(property);
  });

  it('lose to one whose entry is gone and that is remembered', () => {
    const store = new Store();
    const memory = new RequestMemory(BOUNDS, 0);
    write(store, { origin: 'oA', number: 1 });
    const later = { origin: 'oB', seq: 1 };
    memory.note({ id: ID, number: 2 }, later, insert('chave', 2, { value: 'valor' }), 0, 0);
    expect(losers(store, memory)).toEqual(['oA to oB']);
    // A client that used an id for two inserts loses neither.
    const other = new RequestMemory(BOUNDS, 0);
    other.note({ id: ID, number: 2 }, later, insert('chave', 2, { value: 'outro' }), 0, 0);
    expect(losers(store, other)).toEqual([]);
    write(store, { origin: 'oC', number: 3 }, 'outro');
    write(store, { origin: 'oD', number: 3 }, 'valor', 'outra');
    expect(losers(store)).toEqual([]);
  });

  it('are no more once their entries are gone', () => {
    const store = new Store();
    for (const origin of ['oA', 'oB']) write(store, { origin, number: 1 });
    expect([...store.keySpace.requests.doubled]).toEqual([ID]);
    store.apply('oC', 1, { kind: 'removeDots', key: 'chave', version: 1, dots: [{ origin: 'oA', seq: 1 }] });
    expect([...store.keySpace.requests.doubled]).toEqual([]);
    expect(losers(store)).toEqual([]);
    store.apply('oC', 2, stampRemoval(store, 'chave'));
    expect(store.keySpace.requests.rows(ID)).toEqual([]);
    // The row is used again, by an entry without a request.
    store.apply('oC', 3, stampInsert(store, 'oC', 'chave', 'x', 5));
    expect(store.heads('chave')[0]?.attempt).toBeUndefined();
  });

  it('are learnt from a peer where an older one had kept them back, and written to the disk', () => {
    const [giver, taker] = [new Store(), new Store()];
    write(giver, { origin: 'oA', number: 1 });
    transfer(giver, taker, false);
    const changes = new Changes(100);
    taker.track(changes);
    expect(taker.heads('chave')[0]?.attempt).toBeUndefined();
    write(taker, { origin: 'oB', number: 2 });
    transfer(giver, taker);
    expect(losers(taker)).toEqual(['oA to oB']);
    expect(changes.next().rows.size).toBe(2);
  });

  it('are kept for so many entries, the last ones', () => {
    const rows = new RequestRows(3);
    for (let row = 0; row < 5; row++) rows.note(0, row, { id: `l-${row}`, number: 1 });
    expect([0, 1, 2, 3, 4].map((row) => rows.of(row)?.id)).toEqual([
      undefined,
      undefined,
      'l-2',
      'l-3',
      'l-4',
    ]);
    expect(rows.rows('l-1')).toEqual([]);
    rows.note(0, 5, { id: 'l-4', number: 2 });
    rows.note(0, 6, { id: 'l-6', number: 1 });
    rows.note(0, 7, { id: 'l-7', number: 1 });
    expect([rows.rows('l-4'), [...rows.doubled]]).toEqual([[5], []]);
  });
});
