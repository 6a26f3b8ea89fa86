import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/ports/engine.js';
import type { Retains } from '../../src/ports/retention.js';
import { collect } from '../support/collect.js';
import { eventually } from '../support/eventually.js';
import { verbs } from '../support/verbs.js';
import { WatchReader } from '../support/watch-reader.js';
import type { Bench } from './conformance.js';
import { allAtOnce, query } from './support.js';
import { everyShortly, shortly, told, WatchBench } from './watch-bench.js';

const REAL_TTL_MS = 1_500;

/** Changes as they come. Only with the capability `watches`; elsewhere a watch is refused. */
export function watchSection(bench: Bench): void {
  const watches = new WatchBench(bench);

  describe('watches', () => {
    watches.leaveAfterEach();

    it('from now tell nothing of before, and all that comes, exactly', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      const key = bench.key();
      await verbs(engine).insert(key, 'antes');
      await open.settle();
      const watchers = await watches.watchingAll({ key });
      const { version, timestamp } = await verbs(engine).insert(key, 'depois');
      for (const [at, watcher] of watchers.entries()) {
        const [event] = await watcher.take(1);
        expect(event).toMatchObject({
          kind: 'insert',
          line: { key, value: 'depois', version, timestamp, isHead: true, isSibling: false },
        });
        expect(event!.line!.expiresAt).toBeUndefined();
        // It names its writer as the history does.
        const lines = await collect(watches.servers()[at]!.scan({ kind: 'lines', key }));
        expect(lines.at(-1)!.origin).toBe(event!.line!.origin);
      }
    });

    it('from everything first give all versions, oldest first, then what comes', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      const prefix = bench.key();
      for (const value of ['a', 'b', 'c']) await verbs(engine).insert(`${prefix}/1`, value);
      await verbs(engine).remove(`${prefix}/1`, 2);
      await verbs(engine).insert(`${prefix}/2`, 'd');
      await verbs(engine).insert(`${prefix}/gone`, 'e');
      await verbs(engine).remove(`${prefix}/gone`);
      await open.settle();
      for (const [at, server] of watches.servers().entries()) {
        const watcher = watches.read(server, { prefix, from: 'everything' });
        const present = await watcher.untilUpToDate();
        expect(present.every(({ token }) => token === undefined)).toBe(true);
        const ofKey = (key: string): string[] =>
          everyShortly(present.filter(({ line }) => line?.key === key));
        const before = at === 0 ? [] : [`present ${prefix}/1@4=f`];
        expect(ofKey(`${prefix}/1`)).toEqual([
          `present ${prefix}/1@1=a`,
          `present ${prefix}/1@3=c`,
          ...before,
        ]);
        expect(ofKey(`${prefix}/2`)).toEqual([`present ${prefix}/2@1=d`]);
        expect(present.length).toBe(3 + before.length);
        const heads = present.filter(({ line }) => line?.isHead === true);
        expect(heads.map(({ line }) => line!.value).sort()).toEqual(at === 0 ? ['c', 'd'] : ['d', 'f']);
        if (at > 0) continue;
        await verbs(engine).insert(`${prefix}/1`, 'f');
        expect(await told(watcher, 1)).toEqual([`insert ${prefix}/1@4=f`]);
        await open.settle();
      }
      const lone = watches.read(engine, { key: `${prefix}/2`, from: 'everything' });
      expect(everyShortly(await lone.untilUpToDate())).toEqual([`present ${prefix}/2@1=d`]);
    });

    it('of a key, of a prefix, or of all tell of no others', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      const key = bench.key();
      const keys = [key, `${key}/ação`, `${key}/ação!`, `${key}%`, `${key}/açã`];
      const scans = [{ key }, { prefix: key }, { prefix: `${key}/ação` }, {}, { prefix: '' }];
      const watchers = await allAtOnce(scans.length, (i) =>
        watches.watching(bench.open.second ?? engine, scans[i]!),
      );
      for (const name of keys) await verbs(engine).insert(name, 'valor');
      await verbs(engine).insert(key, 'fim');
      await verbs(engine).insert(`${key}/ação`, 'fim');
      await open.settle();
      const all = [...keys.map((name) => `insert ${name}@1=valor`)];
      all.push(`insert ${key}@2=fim`, `insert ${key}/ação@2=fim`);
      const expected = [
        all.filter((one) => one.startsWith(`insert ${key}@`)),
        all,
        all.filter((one) => one.startsWith(`insert ${key}/ação`)),
        all,
        all,
      ];
      for (const [i, watcher] of watchers.entries()) {
        const found: string[] = [];
        while (found.length < expected[i]!.length) {
          const [event] = await watcher.take(1);
          if (event!.line!.key.startsWith(key)) found.push(shortly(event!));
          // Elsewhere a value of another test may expire.
          else expect(scans[i]).not.toHaveProperty('key');
        }
        expect(found).toEqual(expected[i]);
      }
    });

    it('tell each version that a removal removes, oldest first, without its value', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      const prefix = bench.key();
      const [key, trimmed, one] = [`${prefix}/a`, `${prefix}/b`, `${prefix}/c`];
      const watchers = await watches.watchingAll({ prefix });
      const stamps = new Map<string, number>();
      for (const name of [key, trimmed, one]) {
        for (const value of ['a', 'b', 'c']) {
          const { version, timestamp } = await verbs(engine).insert(name, value);
          stamps.set(`${name}@${version}`, timestamp);
        }
      }
      await verbs(engine).remove(one, 2);
      await verbs(engine).trim(trimmed);
      await verbs(engine).removeAll(key);
      await verbs(engine).insert(key, 'd');
      await open.settle();
      for (const watcher of watchers) {
        const inserts = await watcher.take(9);
        const origins = new Set(inserts.map(({ line }) => line!.origin));
        expect(origins.size).toBe(1);
        const events = await watcher.take(7);
        expect(everyShortly(events)).toEqual([
          `remove ${one}@2`,
          ...[1, 2].map((version) => `remove ${trimmed}@${version}`),
          ...[1, 2, 3].map((version) => `remove ${key}@${version}`),
          `insert ${key}@4=d`,
        ]);
        for (const { line } of events.slice(0, 6)) {
          expect(line!.timestamp).toBe(stamps.get(`${line!.key}@${line!.version}`));
          expect(origins).toContain(line!.origin);
          expect(line).toMatchObject({ isHead: false, isSibling: false });
        }
      }
    });

    it('tell of every kind of write, and nothing of one that does nothing', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      const prefix = bench.key();
      const [key, other] = [`${prefix}/a`, `${prefix}/b`];
      const watchers = await watches.watchingAll({ prefix });
      const expected: string[] = [];
      await verbs(engine).put(key, 'a');
      await verbs(engine).removeAll(other);
      await verbs(engine).trim(other);
      await verbs(engine).trim(key);
      expected.push(`insert ${key}@1=a`);
      await engine.write({ kind: 'renew', key });
      expected.push(`insert ${key}@2=a`);
      if (engine.capabilities.compares === true) {
        await engine.write({ kind: 'compare', key, expected: 2, value: 'b' });
        await expect(async () =>
          engine.write({ kind: 'compare', key, expected: 2, value: 'x' }),
        ).rejects.toThrow();
        await engine.write({ kind: 'compare', key, expected: 3 });
        expected.push(`insert ${key}@3=b`, ...[1, 2, 3].map((version) => `remove ${key}@${version}`));
      }
      if (engine.capabilities.restores) {
        await verbs(engine).restore({ key: other, value: 'r', version: 7, timestamp: 70 });
        await verbs(engine).restore({ key: other, value: 'r', version: 7, timestamp: 70 });
        expected.push(`insert ${other}@7=r`);
      }
      await verbs(engine).insert(key, 'fim');
      expected.push(`insert ${key}@${engine.capabilities.compares === true ? 4 : 3}=fim`);
      await open.settle();
      for (const watcher of watchers) expect(await told(watcher, expected.length)).toEqual(expected);
    });

    it('tell of what a commit writes, in the order of its writes', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      context.skip(engine.capabilities.commits === 'none', 'no commits');
      const prefix = bench.key();
      const [a, b, c] = [`${prefix}/a`, `${prefix}/b`, `${prefix}/c`];
      await verbs(engine).insert(b, 'b1');
      await verbs(engine).insert(b, 'b2');
      await open.settle();
      const watchers = await watches.watchingAll({ prefix });
      const writes = [
        { kind: 'insert', key: c, value: 'c1' },
        { kind: 'removeAll', key: b },
        { kind: 'insert', key: a, value: 'a1' },
      ] as const;
      expect(await verbs(engine).commit({ guards: [{ key: a, version: 9 }], writes })).toBe(false);
      expect(await verbs(engine).commit({ guards: [{ key: a, version: 0 }], writes })).toBe(true);
      await open.settle();
      for (const watcher of watchers) {
        expect(await told(watcher, 4)).toEqual([
          `insert ${c}@1=c1`,
          `remove ${b}@1`,
          `remove ${b}@2`,
          `insert ${a}@1=a1`,
        ]);
      }
    });

    it('tell that a value has expired', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      context.skip(engine.capabilities.expires !== true, 'nothing expires');
      const key = bench.key();
      const ttlMs = open.expiry?.ttlMs ?? REAL_TTL_MS;
      await verbs(engine).insert(key, 'fica');
      await open.settle();
      const watchers = await watches.watchingAll({ key });
      const { timestamp } = await engine.write({ kind: 'insert', key, value: 'passa', ttlMs });
      for (const watcher of watchers) {
        const [event] = await watcher.take(1);
        expect(shortly(event!)).toBe(`insert ${key}@2=passa`);
        expect(event!.line!.expiresAt).toBeGreaterThanOrEqual(timestamp + ttlMs - 1);
      }
      await open.settle();
      await open.expiry?.over();
      // Some engines remove an expired value when somebody meets it.
      await eventually('it has expired', async () => (await query(engine, key)) === undefined);
      for (const watcher of watchers) {
        const [event] = await watcher.take(1);
        expect(event).toMatchObject({ kind: 'expire', line: { key, value: '', version: 2, timestamp } });
        expect(event!.line!.expiresAt).toBeGreaterThanOrEqual(timestamp + ttlMs - 1);
      }
      // Nothing that readers still find was told to be gone.
      await verbs(engine).removeAll(key);
      await verbs(engine).insert(key, 'fim');
      await open.settle();
      for (const watcher of watchers) {
        const rest = await told(watcher, 1);
        // Removing everything removes also what was hidden, where the engine has it still.
        if (rest[0] === `remove ${key}@1`) rest.push(...(await told(watcher, 1)));
        expect(rest.at(-1)).toBe(`insert ${key}@3=fim`);
      }
    });

    it('tell what a retention removes', async (context) => {
      watches.need(context);
      const { open } = bench;
      const keepers = [bench.engine, open.second, ...(open.others ?? [])].filter(
        (engine) => engine !== undefined && 'retain' in engine,
      ) as (Engine & Retains)[];
      context.skip(keepers.length === 0, 'an engine for tests, without retention');
      const key = bench.key();
      const watchers = await watches.watchingAll({ key });
      for (const value of ['a', 'b', 'c', 'd']) await verbs(bench.engine).insert(key, value);
      await open.settle();
      const gone = await Promise.all(keepers.map(async (keeper) => keeper.retain(key, { versions: 2 }, 16)));
      expect(Math.max(...gone)).toBe(2);
      await verbs(bench.engine).insert(key, 'e');
      await open.settle();
      for (const watcher of watchers) {
        await watcher.take(4);
        const events = await told(watcher, 3);
        expect([...events].sort()).toEqual([`insert ${key}@5=e`, `remove ${key}@1`, `remove ${key}@2`]);
        expect(events.filter((event) => event.startsWith('remove'))).toEqual([
          `remove ${key}@1`,
          `remove ${key}@2`,
        ]);
      }
    });

    it('are refused where nobody watches', async (context) => {
      const { engine } = bench;
      context.skip(engine.capabilities.watches === true, 'they are offered');
      const reading = async (): Promise<unknown> => {
        return new WatchReader(engine, { from: 'now' }).next();
      };
      await expect(reading).rejects.toMatchObject({ code: 'NAO_SUPORTADO' });
    });
  });
}
