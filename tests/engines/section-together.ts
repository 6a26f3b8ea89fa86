import { describe, expect, it, type TestContext } from 'vitest';
import type { Engine, Head } from '../../src/ports/engine.js';
import type { Bench } from './conformance.js';
import {
  allAtOnce,
  byNumber,
  codeOf,
  insertAll,
  numbersTo,
  plain,
  query,
  queryAt,
  range,
  snapshotOf,
} from './support.js';
import { verbs } from '../support/verbs.js';

const CONCURRENT = 50;

/** Several writers at once, several servers, and what the engine's capabilities promise. */
export function togetherSection(bench: Bench): void {
  /** The second server; skips the test if there is none. */
  const second = (context: TestContext): Engine => {
    const engine = bench.open.second;
    context.skip(engine === undefined, 'one server only');
    return engine as Engine;
  };

  describe('at once on one server', () => {
    it(`${String(CONCURRENT)} inserts take ${String(CONCURRENT)} versions and as many timestamps`, async () => {
      const { engine } = bench;
      const key = bench.key();
      const rows = await allAtOnce(CONCURRENT, (i) => verbs(engine).insert(key, String(i)));
      expect(rows.map(({ version }) => version).sort(byNumber)).toEqual(numbersTo(CONCURRENT));
      const inOrder = [...rows].sort((a, b) => a.version - b.version);
      inOrder
        .slice(1)
        .forEach(({ timestamp }, i) => expect(timestamp).toBeGreaterThan(inOrder[i]!.timestamp));
      for (const [i, { version }] of rows.entries())
        expect((await query(engine, key, version))?.value).toBe(String(i));
    });

    it('puts make a chain: each sees the one before it', async () => {
      const { engine } = bench;
      const key = bench.key();
      const puts = await allAtOnce(CONCURRENT, (i) => verbs(engine).put(key, String(i)));
      const inOrder = [...puts].sort((a, b) => a.row.version - b.row.version);
      expect(inOrder.map(({ row }) => row.version)).toEqual(numbersTo(CONCURRENT));
      inOrder.forEach(({ previous }, i) => expect(plain(previous)).toEqual(plain(inOrder[i - 1]?.row)));
    });

    it('one of many removals of a version succeeds', async () => {
      const { engine } = bench;
      const key = bench.key();
      await insertAll(engine, key, ['a', 'b', 'c']);
      const codes = await allAtOnce(10, () => codeOf(() => verbs(engine).remove(key, 2)));
      expect(codes.filter((code) => code === undefined)).toHaveLength(1);
      expect(codes.filter((code) => code === 'VERSAO_INEXISTENTE')).toHaveLength(9);
    });

    it('one of many removals of a key gets what was there', async () => {
      const { engine } = bench;
      const key = bench.key();
      const [, two] = await insertAll(engine, key, ['a', 'b']);
      const removed = await allAtOnce(10, () => verbs(engine).removeAll(key));
      expect(removed.filter((row) => row !== undefined).map(plain)).toEqual([two]);
    });
  });

  describe('on two servers', () => {
    it('what one wrote the other shows, whatever asks for it', async (context) => {
      const other = second(context);
      const { engine, open } = bench;
      const keys = [bench.key(), bench.key(), bench.key()];
      const [a, b, c] = keys as [string, string, string];
      const rowsA = await insertAll(engine, a, ['a1', 'a2', 'a3']);
      const rowsB = await insertAll(other, b, ['b1', 'b2']);
      await insertAll(engine, c, ['c1']);
      await verbs(engine).removeAll(c);
      await verbs(engine).remove(a, 2);
      await open.settle();
      for (const server of [engine, other]) {
        expect(await query(server, a, 2)).toEqual(rowsA[0]);
        expect(await query(server, b)).toEqual(rowsB[1]);
        expect(await queryAt(server, b, rowsB[0]!.timestamp)).toEqual(rowsB[0]);
        expect(await snapshotOf(server, keys)).toEqual([rowsA[2], rowsB[1], undefined]);
        expect(await range(server, a, c)).toEqual([
          { key: a, row: rowsA[2] },
          { key: b, row: rowsB[1] },
        ]);
      }
    });

    it('a key goes on counting on both, also after it was removed', async (context) => {
      const other = second(context);
      const { engine, open } = bench;
      const key = bench.key();
      const [, two] = await insertAll(engine, key, ['a', 'b']);
      await open.settle();
      expect(plain(await verbs(other).removeAll(key))).toEqual(two);
      await open.settle();
      expect(await query(engine, key)).toBeUndefined();
      const [three] = await insertAll(engine, key, ['c']);
      await open.settle();
      const put = await verbs(other).put(key, 'd');
      expect(plain(put.previous)).toEqual(three);
      expect([three!.version, put.row.version]).toEqual([3, 4]);
      expect(three!.timestamp).toBeGreaterThan(two!.timestamp);
      expect(put.row.timestamp).toBeGreaterThan(three!.timestamp);
      await open.settle();
      expect(plain(await verbs(engine).trim(key))).toEqual(plain(put.row));
      await open.settle();
      expect(await query(other, key, 3)).toBeUndefined();
    });

    it('both agree after writing one key at once, and none of it is lost', async (context) => {
      const other = second(context);
      const { engine, open } = bench;
      const key = bench.key();
      const written = await allAtOnce(20, (i) => verbs(i % 2 === 0 ? engine : other).insert(key, String(i)));
      await open.settle();
      const versions = [...new Set(written.map(({ version }) => version))].sort(byNumber);
      for (const version of versions) {
        const found = await query(engine, key, version);
        expect(await query(other, key, version)).toEqual(found);
        const writers = written.flatMap((given, i) => (given.version === version ? [String(i)] : []));
        expect(writers).toContain(found?.value);
      }
      for (const [i, { timestamp }] of written.entries()) {
        const found = await queryAt(engine, key, timestamp);
        expect(await queryAt(other, key, timestamp)).toEqual(found);
        // Of several values of one ms, one answers.
        const rivals = written.filter((given) => given.timestamp === timestamp).length;
        if (rivals === 1) expect(found?.value).toBe(String(i));
        else expect(found?.timestamp).toBe(timestamp);
      }
    });
  });

  describe('linearizable', () => {
    const linearizable = (context: TestContext): void =>
      context.skip(!bench.engine.capabilities.linearizable, 'not linearizable');

    it('inserts at once on all servers take distinct versions, and timestamps in their order', async (context) => {
      linearizable(context);
      const { engine, open } = bench;
      const key = bench.key();
      const servers = [engine, open.second ?? engine];
      const rows = await allAtOnce(CONCURRENT, (i) => verbs(servers[i % 2]!).insert(key, String(i)));
      const inOrder = [...rows].sort((a, b) => a.version - b.version);
      expect(inOrder.map(({ version }) => version)).toEqual(numbersTo(CONCURRENT));
      inOrder
        .slice(1)
        .forEach(({ timestamp }, i) => expect(timestamp).toBeGreaterThan(inOrder[i]!.timestamp));
    });

    it('what one acknowledged the other shows at once', async (context) => {
      linearizable(context);
      const other = second(context);
      const { engine } = bench;
      const key = bench.key();
      for (let i = 0; i < 10; i++) {
        const [writer, reader] = i % 2 === 0 ? [engine, other] : [other, engine];
        const [row] = await insertAll(writer, key, [String(i)]);
        expect(await query(reader, key)).toEqual(row);
        expect(await range(reader, key, key)).toEqual([{ key, row }]);
        expect(plain(await verbs(reader).removeAll(key))).toEqual(row);
        expect(await query(writer, key)).toBeUndefined();
      }
    });
  });

  describe('heads', () => {
    it('of a key without values are none', async () => {
      const { engine } = bench;
      const key = bench.key();
      expect(await verbs(engine).heads(key)).toEqual([]);
      await insertAll(engine, key, ['a', 'b']);
      await verbs(engine).removeAll(key);
      expect(await verbs(engine).heads(key)).toEqual([]);
    });

    it('are the last write alone when every writer had seen the one before', async () => {
      const { engine, open } = bench;
      const servers = [engine, open.second ?? engine];
      const key = bench.key();
      let latest: Head | undefined;
      for (let i = 0; i < 4; i++) {
        const before = latest;
        const [row] = await insertAll(servers[i % 2]!, key, [String(i)]);
        await open.settle();
        for (const server of servers) {
          const heads = await verbs(server).heads(key);
          expect(heads).toMatchObject([{ value: String(i), timestamp: row!.timestamp }]);
          const [head] = heads as [Head];
          expect(new Map(head.clock).get(head.origin)).toBeGreaterThan(0);
          // Whoever has seen the one before knows that this one came after it.
          if (before !== undefined)
            expect([includes(head, before), includes(before, head)]).toEqual([true, false]);
          latest = head;
        }
      }
    });

    it('are both values of writers that had not seen each other, until a write that has', async (context) => {
      context.skip(!bench.engine.capabilities.heads, 'one value at a time');
      const other = second(context);
      const { engine, open } = bench;
      const key = bench.key();
      await insertAll(engine, key, ['antes']);
      await open.settle();
      // Both are asked before either can have told the other, or while it cannot.
      const write = () => Promise.all([verbs(engine).put(key, 'um'), verbs(other).put(key, 'dois')]);
      await (open.apart?.(write) ?? write());
      await open.settle();
      for (const server of [engine, other]) {
        const heads = [...(await verbs(server).heads(key))].sort((a, b) => (a.value < b.value ? -1 : 1));
        expect(heads.map(({ value }) => value)).toEqual(['dois', 'um']);
        const [x, y] = heads as [Head, Head];
        expect(x.origin).not.toBe(y.origin);
        expect([includes(x, y), includes(y, x)]).toEqual([false, false]);
        expect(['um', 'dois']).toContain((await query(server, key))?.value);
      }
      expect(await query(other, key)).toEqual(await query(engine, key));
      await insertAll(other, key, ['depois']);
      await open.settle();
      for (const server of [engine, other]) {
        expect((await verbs(server).heads(key)).map(({ value }) => value)).toEqual(['depois']);
      }
    });
  });
}

/** Whether the vector clock of `x` has seen everything that `y`'s has. */
function includes(x: Head, y: Head): boolean {
  const seen = new Map(x.clock);
  return y.clock.every(([origin, seq]) => (seen.get(origin) ?? 0) >= seq);
}
