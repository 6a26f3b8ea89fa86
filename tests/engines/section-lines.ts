import { describe, expect, it, type TestContext } from 'vitest';
import type { Engine } from '../../src/ports/engine.js';
import type { Line, LineQuery } from '../../src/ports/lines.js';
import { collect } from '../support/collect.js';
import { eventually } from '../support/eventually.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { insertAll, letExpire, serversOf, ttlMsOf } from './support.js';

async function line(
  engine: Engine,
  key: string,
  place: Omit<LineQuery, 'kind' | 'key'> = {},
): Promise<Line | undefined> {
  return engine.read({ kind: 'line', key, ...place });
}

async function lines(engine: Engine, key: string): Promise<Line[]> {
  return collect(engine.scan({ kind: 'lines', key }));
}

function values(all: readonly (Line | undefined)[]): (string | undefined)[] {
  return all.map((one) => one?.value);
}

/** Single versions and histories of keys, with everything that is known about each version. */
export function linesSection(bench: Bench): void {
  const needsExpiry = (context: TestContext): void => {
    context.skip(bench.engine.capabilities.expires !== true, 'nothing expires');
  };
  /** Two values of a key that were written concurrently, a second one on the first server. */
  const siblings = async (context: TestContext, key: string): Promise<void> => {
    const [engine, second] = serversOf(bench);
    context.skip(!engine.capabilities.heads || engine === second, 'nothing is written concurrently');
    const together = (): Promise<unknown> =>
      Promise.all([verbs(engine).insert(key, 'um'), verbs(second).insert(key, 'outro')]);
    await (bench.open.apart?.(together) ?? together());
    await bench.open.settle();
  };

  describe('lines', () => {
    it('of what was just written are known without asking, where an engine says so', async (context) => {
      const { lineOf } = bench.engine;
      if (lineOf === undefined) {
        context.skip();
        return;
      }
      const key = bench.key();
      const [row] = await insertAll(bench.engine, key, ['a']);
      expect(lineOf(row!)).toEqual(await line(bench.engine, key));
      const renewed = await bench.engine.write({ kind: 'renew', key, ttlMs: 60_000 });
      expect(lineOf(renewed)).toEqual(await line(bench.engine, key));
    });

    it('are found by version, by time, and so many before the latest', async () => {
      const key = bench.key();
      const rows = await insertAll(bench.engine, key, ['a', 'b', 'c', 'd']);
      await verbs(bench.engine).remove(key, 2);
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        expect(await line(engine, key)).toMatchObject({ ...rows[3], isHead: true, isSibling: false });
        const found = async (name: 'version' | 'timestamp' | 'back', numbers: readonly number[]) =>
          values(await Promise.all(numbers.map((n) => line(engine, key, { [name]: n }))));
        expect(await found('version', [0, 1, 2, 3, 4, 2 ** 31 - 1])).toEqual([
          undefined,
          'a',
          'a',
          'c',
          'd',
          'd',
        ]);
        const times = rows.flatMap(({ timestamp }) => [timestamp - 1, timestamp]);
        const at = [undefined, 'a', 'a', 'a', 'a', 'c', 'c', 'd'];
        expect(await found('timestamp', times)).toEqual(at);
        expect(await found('back', [0, 1, 2, 3, 1_000_000])).toEqual(['d', 'c', 'a', undefined, undefined]);
        expect(await line(engine, key, { version: 3 })).toMatchObject({ ...rows[2], isHead: false });
        expect(await line(engine, key, { timestamp: rows[3]!.timestamp })).toMatchObject({ isHead: true });
        expect(await line(engine, key, { back: 1 })).toMatchObject({ ...rows[2], isHead: false });
      }
    });

    it('make the history of a key, oldest first, each as it is found alone', async () => {
      const key = bench.key();
      const rows = await insertAll(bench.engine, key, ['a', 'b', 'c']);
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        const all = await lines(engine, key);
        expect(all).toMatchObject(rows.map((row) => ({ ...row, isSibling: false })));
        expect(all.map(({ isHead }) => isHead)).toEqual([false, false, true]);
        expect(new Set(all.map(({ origin }) => origin)).size).toBe(1);
        expect(all[0]?.origin).toMatch(/^[A-Za-z0-9_-]+$/);
        for (const [i, { version }] of all.entries()) {
          const known = { ...all[i]!, isStable: expect.any(Boolean) as boolean };
          expect(await line(engine, key, { version })).toMatchObject(known);
        }
      }
    });

    it('are none of a key without versions, never written or removed', async () => {
      const [never, gone] = [bench.key(), bench.key()];
      await insertAll(bench.engine, gone, ['a', 'b']);
      await verbs(bench.engine).remove(gone);
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        for (const key of [never, gone]) {
          expect(await lines(engine, key)).toEqual([]);
          for (const place of [{}, { back: 0 }, { back: 1 }, { version: 1 }, { timestamp: Date.now() }])
            expect(await line(engine, key, place)).toBeUndefined();
        }
      }
    });

    it('are of one key only, whatever begins like it', async () => {
      const key = bench.key();
      for (const suffix of ['', '!', '%', '%21', '!1', '\0'])
        await insertAll(bench.engine, key + suffix, [suffix]);
      for (const suffix of ['', '!', '%', '%21', '!1', '\0']) {
        expect(values(await lines(bench.engine, key + suffix))).toEqual([suffix]);
        expect(await line(bench.engine, key + suffix, { back: 1 })).toBeUndefined();
      }
    });

    it('become stable on every server', async () => {
      const key = bench.key();
      await insertAll(bench.engine, key, ['a', 'b']);
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        await eventually('every version is stable', async () => {
          const all = [await line(engine, key), ...(await lines(engine, key))];
          return all.every((one) => one?.isStable === true);
        });
      }
    });

    it('are not stable before another server can have them', async (context) => {
      const [engine, second] = serversOf(bench);
      context.skip(engine === second || engine.capabilities.commits !== 'here', 'all servers are asked');
      const key = bench.key();
      await insertAll(engine, key, ['antes']);
      await bench.open.settle();
      await eventually('it is stable', async () => (await line(engine, key))?.isStable === true);
      const write = async (): Promise<void> => {
        await insertAll(engine, key, ['depois']);
        expect((await lines(engine, key)).map(({ isStable }) => isStable)).toEqual([true, false]);
        expect(await line(engine, key)).toMatchObject({ isStable: false });
        expect(await line(engine, key, { back: 1 })).toMatchObject({ isStable: true });
      };
      await (bench.open.apart?.(write) ?? write());
      await eventually('it is stable', async () => (await line(engine, key))?.isStable === true);
    });

    it('of siblings are both there, and both heads, until a write supersedes them', async (context) => {
      const key = bench.key();
      await siblings(context, key);
      for (const engine of serversOf(bench)) {
        const all = await lines(engine, key);
        expect(values(all).sort()).toEqual(['outro', 'um']);
        expect(all.map(({ version, isHead, isSibling }) => [version, isHead, isSibling])).toEqual([
          [1, true, true],
          [1, true, true],
        ]);
        expect(new Set(all.map(({ origin }) => origin)).size).toBe(2);
        const latest = await line(engine, key);
        expect(latest).toMatchObject({ isHead: true, isSibling: true, value: all[1]!.value });
        expect(await line(engine, key, { version: 1 })).toMatchObject({ value: all[1]!.value });
        expect(await line(engine, key, { back: 1 })).toMatchObject({ value: all[0]!.value, isSibling: true });
        expect(await line(engine, key, { back: 2 })).toBeUndefined();
      }
      await verbs(bench.engine).insert(key, 'depois');
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        expect((await lines(engine, key)).map(({ isHead, isSibling }) => [isHead, isSibling])).toEqual([
          [false, true],
          [false, true],
          [true, false],
        ]);
      }
    });

    it('show no version that has expired, nor as the latest what it replaced', async (context) => {
      needsExpiry(context);
      const [hidden, renewed, passing] = [bench.key(), bench.key(), bench.key()];
      const ttlMs = ttlMsOf(bench);
      for (const key of [hidden, renewed]) {
        await verbs(bench.engine).insert(key, 'antes');
        await bench.engine.write({ kind: 'insert', key, value: 'passa', ttlMs });
      }
      await bench.engine.write({ kind: 'insert', key: passing, value: 'passa', ttlMs });
      await verbs(bench.engine).insert(passing, 'fica');
      const before = await lines(bench.engine, hidden);
      expect(before.map(({ isHead, expiresAt }) => [isHead, expiresAt !== undefined])).toEqual([
        [false, false],
        [true, true],
      ]);
      expect(await line(bench.engine, hidden)).toMatchObject({ expiresAt: before[1]!.expiresAt });
      await bench.open.settle();
      await letExpire(bench);
      await verbs(bench.engine).insert(renewed, 'depois');
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        for (const place of [{}, { back: 0 }, { back: 1 }])
          expect(await line(engine, hidden, place)).toBeUndefined();
        expect(await line(engine, hidden, { version: 2 })).toMatchObject({ value: 'antes', isHead: false });
        expect(await lines(engine, hidden)).toMatchObject([{ value: 'antes', isHead: false }]);
        expect(await lines(engine, renewed)).toMatchObject([
          { value: 'antes', version: 1, isHead: false },
          { value: 'depois', version: 3, isHead: true },
        ]);
        expect(await line(engine, renewed, { back: 1 })).toMatchObject({ value: 'antes' });
        expect(await lines(engine, passing)).toMatchObject([{ value: 'fica', isHead: true }]);
        expect(await line(engine, passing, { back: 1 })).toBeUndefined();
      }
    });
  });
}
