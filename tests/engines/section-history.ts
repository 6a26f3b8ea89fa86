import { describe, expect, it } from 'vitest';
import type { Bench } from './conformance.js';
import { codeOf, insertAll, letExpire, plain, query, queryAt, serversOf, ttlMsOf } from './support.js';
import { verbs } from '../support/verbs.js';

/** One key: its versions, its timestamps, what finds them and what removes them. */
export function historySection(bench: Bench): void {
  describe('versions and timestamps', () => {
    it('count 1, 2, 3, … and grow strictly, near the wall clock', async () => {
      const key = bench.key();
      const rows = await insertAll(bench.engine, key, ['a', 'b', 'c', 'd', 'e']);
      expect(rows.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
      rows.slice(1).forEach(({ timestamp }, i) => expect(timestamp).toBeGreaterThan(rows[i]!.timestamp));
      for (const { timestamp } of rows) {
        expect(Number.isSafeInteger(timestamp)).toBe(true);
        expect(Math.abs(timestamp - Date.now())).toBeLessThan(60_000);
      }
    });

    it('belong to one key', async () => {
      const [first, second] = [bench.key(), bench.key()];
      await insertAll(bench.engine, first, ['a', 'b']);
      expect((await insertAll(bench.engine, second, ['a']))[0]!.version).toBe(1);
    });

    it('are the same for put and insert, and put tells what was newest before', async () => {
      const { engine } = bench;
      const key = bench.key();
      const first = await verbs(engine).put(key, 'a');
      expect(first.previous).toBeUndefined();
      expect(plain(first.row)).toMatchObject({ key, value: 'a', version: 1 });
      const [second] = await insertAll(engine, key, ['b']);
      const third = await verbs(engine).put(key, 'c');
      expect(plain(third.previous)).toEqual(second);
      expect(third.row).toMatchObject({ key, value: 'c', version: 3 });
      expect(third.row.timestamp).toBeGreaterThan(second!.timestamp);
      expect(await query(engine, key)).toEqual(plain(third.row));
    });
  });

  describe('queries', () => {
    it('find nothing of an unknown key', async () => {
      const { engine } = bench;
      const key = bench.key();
      for (const asked of [undefined, 1, 2 ** 31 - 1])
        expect(await query(engine, key, asked)).toBeUndefined();
      for (const asked of [undefined, 1, Number.MAX_SAFE_INTEGER]) {
        expect(await queryAt(engine, key, asked)).toBeUndefined();
      }
    });

    it('find the greatest version up to the one asked, or the latest', async () => {
      const { engine } = bench;
      const key = bench.key();
      const [one, two, , four] = await insertAll(engine, key, ['a', 'b', 'c', 'd']);
      await verbs(engine).remove(key, 3);
      expect(await query(engine, key, 1)).toEqual(one);
      expect(await query(engine, key, 2)).toEqual(two);
      expect(await query(engine, key, 3)).toEqual(two);
      for (const asked of [4, 5, 2 ** 31 - 1, undefined])
        expect(await query(engine, key, asked)).toEqual(four);
      await verbs(engine).remove(key, 1);
      expect(await query(engine, key, 1)).toBeUndefined();
    });

    it('find the greatest timestamp up to the one asked, or the newest', async () => {
      const { engine } = bench;
      const key = bench.key();
      const rows = await insertAll(engine, key, ['a', 'b', 'c']);
      const [first, , last] = rows;
      for (const row of rows) expect(await queryAt(engine, key, row.timestamp)).toEqual(row);
      for (const [i, row] of rows.entries()) {
        expect(await queryAt(engine, key, row.timestamp - 1)).toEqual(rows[i - 1]);
      }
      for (const asked of [last!.timestamp + 1, Number.MAX_SAFE_INTEGER, undefined]) {
        expect(await queryAt(engine, key, asked)).toEqual(last);
      }
      await verbs(engine).remove(key, 2);
      expect(await queryAt(engine, key, last!.timestamp - 1)).toEqual(first);
      expect(await queryAt(engine, key, 1)).toBeUndefined();
    });
  });

  describe('removal', () => {
    it('tells how many versions it removed, and whether the key has any left', async () => {
      const { engine } = bench;
      const key = bench.key();
      await insertAll(engine, key, ['a', 'b', 'c', 'd', 'e']);
      const remove = async (version?: number) => {
        await bench.open.settle();
        const { keys, versions } = await verbs(serversOf(bench)[version === 4 ? 1 : 0]).remove(key, version);
        return [keys, versions];
      };
      expect([await remove(2), await remove(5), await remove(4), await remove()]).toEqual([
        [0, 1],
        [0, 1],
        [0, 1],
        [1, 2],
      ]);
      await insertAll(engine, key, ['f']);
      expect(await remove(6)).toEqual([1, 1]);
    });

    it('counts no version that has expired', async (context) => {
      const { engine } = bench;
      context.skip(engine.capabilities.expires !== true, 'nothing expires');
      const remove = async (key: string, version?: number) => {
        const { keys, versions } = await verbs(engine).remove(key, version);
        return [keys, versions];
      };
      const [all, one, before] = [bench.key(), bench.key(), bench.key()];
      for (const key of [all, one, before]) {
        await insertAll(engine, key, ['a', 'b']);
        await engine.write({ kind: 'insert', key, value: 'c', ttlMs: ttlMsOf(bench) });
      }
      await insertAll(engine, all, ['d']);
      await letExpire(bench);
      expect(await remove(all)).toEqual([1, 3]);
      expect([await remove(one, 2), await remove(one, 1)]).toEqual([
        [0, 1],
        [1, 1],
      ]);
      expect(await remove(before)).toEqual([1, 2]);
    });

    it('of a version counts its siblings too', async (context) => {
      const [engine, second] = serversOf(bench);
      context.skip(!engine.capabilities.heads || engine === second, 'nothing is written concurrently');
      const key = bench.key();
      const together = (): Promise<unknown> =>
        Promise.all([verbs(engine).insert(key, 'um'), verbs(second).insert(key, 'outro')]);
      await (bench.open.apart?.(together) ?? together());
      await bench.open.settle();
      await insertAll(engine, key, ['três']);
      expect(await verbs(engine).remove(key, 1)).toEqual({ keys: 0, versions: 2 });
    });

    it('of a version takes exactly that one', async () => {
      const { engine } = bench;
      const key = bench.key();
      const [one, , three] = await insertAll(engine, key, ['a', 'b', 'c']);
      await verbs(engine).remove(key, 2);
      expect(await codeOf(() => verbs(engine).remove(key, 2))).toBe('VERSAO_INEXISTENTE');
      expect(await codeOf(() => verbs(engine).remove(key, 9))).toBe('VERSAO_INEXISTENTE');
      expect([await query(engine, key, 2), await query(engine, key)]).toEqual([one, three]);
    });

    it('of the latest version shows the one before, and its number is not given again', async () => {
      const { engine } = bench;
      const key = bench.key();
      const [one, two] = await insertAll(engine, key, ['a', 'b']);
      await verbs(engine).remove(key, 2);
      expect([await query(engine, key), await queryAt(engine, key)]).toEqual([one, one]);
      const [next] = await insertAll(engine, key, ['c']);
      expect(next!.version).toBe(3);
      expect(next!.timestamp).toBeGreaterThan(two!.timestamp);
    });

    it('of the only version leaves an unknown key that goes on counting', async () => {
      const { engine } = bench;
      const key = bench.key();
      const [one] = await insertAll(engine, key, ['a']);
      await verbs(engine).remove(key, 1);
      expect(await query(engine, key)).toBeUndefined();
      for (const version of [1, undefined]) {
        expect(await codeOf(() => verbs(engine).remove(key, version))).toBe('CHAVE_INEXISTENTE');
      }
      const [next] = await insertAll(engine, key, ['b']);
      expect(next!.version).toBe(2);
      expect(next!.timestamp).toBeGreaterThan(one!.timestamp);
    });

    it('of all versions leaves an unknown key that goes on counting', async () => {
      const { engine } = bench;
      const key = bench.key();
      expect(await codeOf(() => verbs(engine).remove(key, undefined))).toBe('CHAVE_INEXISTENTE');
      const [, , last] = await insertAll(engine, key, ['a', 'b', 'c']);
      await verbs(engine).remove(key, undefined);
      expect([await query(engine, key), await queryAt(engine, key)]).toEqual([undefined, undefined]);
      expect(await codeOf(() => verbs(engine).remove(key, undefined))).toBe('CHAVE_INEXISTENTE');
      const put = await verbs(engine).put(key, 'd');
      expect(put.previous).toBeUndefined();
      expect(put.row.version).toBe(4);
      expect(put.row.timestamp).toBeGreaterThan(last!.timestamp);
      expect(await query(engine, key, 3)).toBeUndefined();
    });

    it('by removeAll tells the newest that was removed', async () => {
      const { engine } = bench;
      const key = bench.key();
      expect(await verbs(engine).removeAll(key)).toBeUndefined();
      const [, two] = await insertAll(engine, key, ['a', 'b']);
      expect(plain(await verbs(engine).removeAll(key))).toEqual(two);
      expect(await verbs(engine).removeAll(key)).toBeUndefined();
      expect(await query(engine, key)).toBeUndefined();
      const put = await verbs(engine).put(key, 'c');
      expect(put).toMatchObject({ previous: undefined, row: { version: 3 } });
    });

    it('by trim keeps the newest and tells it', async () => {
      const { engine } = bench;
      const key = bench.key();
      expect(await verbs(engine).trim(key)).toBeUndefined();
      const [, , three] = await insertAll(engine, key, ['a', 'b', 'c']);
      expect(plain(await verbs(engine).trim(key))).toEqual(three);
      expect(await query(engine, key, 2)).toBeUndefined();
      expect(await queryAt(engine, key, three!.timestamp - 1)).toBeUndefined();
      expect(await query(engine, key)).toEqual(three);
      expect(plain(await verbs(engine).trim(key))).toEqual(three);
      const [four] = await insertAll(engine, key, ['d']);
      expect(four!.version).toBe(4);
      await verbs(engine).remove(key, 4);
      expect(plain(await verbs(engine).trim(key))).toEqual(three);
      await verbs(engine).removeAll(key);
      expect(await verbs(engine).trim(key)).toBeUndefined();
    });
  });
}
