import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/ports/engine.js';
import type { Bench } from './conformance.js';
import { allAtOnce, insertAll, query, range, snapshotOf } from './support.js';
import { eventually } from '../support/eventually.js';
import { verbs } from '../support/verbs.js';

const PAGED_KEYS = 600;

/** Many keys: snapshots and ranges. */
export function rangesSection(bench: Bench): void {
  describe('snapshots', () => {
    it('show, for every key, the greatest version up to the one asked, or the latest', async () => {
      const { engine } = bench;
      const keys = [bench.key(), bench.key(), bench.key(), bench.key()];
      const [a, b, c, d] = keys as [string, string, string, string];
      const rowsA = await insertAll(engine, a, ['a1', 'a2', 'a3']);
      const rowsB = await insertAll(engine, b, ['b1']);
      const rowsC = await insertAll(engine, c, ['c1', 'c2']);
      await verbs(engine).remove(c, 1);
      await insertAll(engine, d, ['d1']);
      await verbs(engine).removeAll(d);
      const at = (version?: number) => snapshotOf(engine, keys, version);
      expect(await at(1)).toEqual([rowsA[0], rowsB[0], undefined, undefined]);
      expect(await at(2)).toEqual([rowsA[1], rowsB[0], rowsC[1], undefined]);
      for (const latest of [undefined, 3, 2 ** 31 - 1]) {
        expect(await at(latest)).toEqual([rowsA[2], rowsB[0], rowsC[1], undefined]);
      }
    });
  });

  describe('ranges', () => {
    /** Inserts a value under each key; returns the rows by key. */
    const fill = async (keys: readonly string[]): Promise<Map<string, Row>> => {
      const rows = new Map<string, Row>();
      for (const key of keys) rows.set(key, (await insertAll(bench.engine, key, ['v']))[0]!);
      return rows;
    };

    it('are in the order of code points, both ends included', async () => {
      const base = bench.key();
      // In order; by UTF-16 units the emoji would come before the two that precede it.
      const keys = [
        '',
        '\0',
        '!',
        'A',
        'a',
        'a!',
        'a!b',
        'aa',
        'ab',
        'b',
        'z',
        'é',
        '\ud7ff',
        '\ue000',
        '\uffff',
        '😀',
        '😀a',
        '\u{10ffff}',
      ].map((suffix) => `${base}${suffix}`);
      const rows = await fill([...keys].reverse());
      const all = keys.map((key) => ({ key, row: rows.get(key) }));
      const { engine } = bench;
      expect(await range(engine, base, `${base}\u{10ffff}`)).toEqual(all);
      expect(await range(engine, `${base}a`, `${base}b`)).toEqual(all.slice(4, 10));
      expect(await range(engine, `${base}\uffff`, `${base}😀`)).toEqual(all.slice(14, 16));
      expect(await range(engine, `${base}a`, `${base}a`)).toEqual(all.slice(4, 5));
    });

    it('need no key at their ends', async () => {
      const base = bench.key();
      await fill([`${base}b`, `${base}d`]);
      const keys = async (from: string, to: string) =>
        (await range(bench.engine, `${base}${from}`, `${base}${to}`)).map(({ key }) =>
          key.slice(base.length),
        );
      expect(await keys('a', 'c')).toEqual(['b']);
      expect(await keys('a', 'z')).toEqual(['b', 'd']);
      expect(await keys('c', 'c')).toEqual([]);
      expect(await keys('e', 'z')).toEqual([]);
    });

    it('are empty when their ends are the wrong way round', async () => {
      const base = bench.key();
      await fill([`${base}a`, `${base}b`]);
      expect(await range(bench.engine, `${base}b`, `${base}a`)).toEqual([]);
      expect(await range(bench.engine, `${base}a`, '')).toEqual([]);
    });

    it('begin with the empty key and end with the greatest', async () => {
      const { engine } = bench;
      const greatest = '\u{10ffff}'.repeat(3);
      await fill(['', greatest]);
      const all = await range(engine, '', greatest);
      expect([all[0]?.key, all.at(-1)?.key]).toEqual(['', greatest]);
      await verbs(engine).removeAll('');
      await verbs(engine).removeAll(greatest);
    });

    it('at a time show what was newest then, and also the keys that had nothing yet', async () => {
      const { engine } = bench;
      const base = bench.key();
      const [a, b, c] = ['a', 'b', 'c'].map((suffix) => `${base}${suffix}`) as [string, string, string];
      const [firstA] = await insertAll(engine, a, ['1']);
      // The clocks of two keys are not compared by the engine: wait for its next ms.
      await passed(bench, firstA!.timestamp);
      const [firstB] = await insertAll(engine, b, ['1']);
      const [secondA] = await insertAll(engine, a, ['2']);
      await insertAll(engine, c, ['1']);
      await verbs(engine).removeAll(c);
      const at = (timestamp?: number) => range(engine, a, c, timestamp);
      expect(await at(firstA!.timestamp)).toEqual([
        { key: a, row: firstA },
        { key: b, row: undefined },
      ]);
      expect(await at(1)).toEqual([
        { key: a, row: undefined },
        { key: b, row: undefined },
      ]);
      for (const now of [undefined, Number.MAX_SAFE_INTEGER]) {
        expect(await at(now)).toEqual([
          { key: a, row: secondA },
          { key: b, row: firstB },
        ]);
      }
    });

    it('follow new keys, removed ones and those that came back', async () => {
      const { engine } = bench;
      const base = bench.key();
      const keys = async () =>
        (await range(engine, base, `${base}~`)).map(({ key }) => key.slice(base.length));
      await fill([`${base}b`]);
      expect(await keys()).toEqual(['b']);
      await fill([`${base}c`, `${base}a`]);
      expect(await keys()).toEqual(['a', 'b', 'c']);
      await verbs(engine).remove(`${base}b`, 1);
      expect(await keys()).toEqual(['a', 'c']);
      await fill([`${base}b`]);
      expect(await keys()).toEqual(['a', 'b', 'c']);
    });

    it(
      'of many keys are complete, in order, and may be removed while they are read',
      { timeout: 60_000 },
      async () => {
        const { engine } = bench;
        const base = bench.key();
        const keys = Array.from({ length: PAGED_KEYS }, (_, i) => `${base} ${String(i).padStart(4, '0')}`);
        await allAtOnce(keys.length, (i) => verbs(engine).insert(keys[(i * 7) % keys.length]!, 'v'));
        expect((await range(engine, base, `${base}~`)).map(({ key }) => key)).toEqual(keys);
        const removed: string[] = [];
        for await (const found of verbs(engine).range(base, `${base}~`, undefined)) {
          if (found === undefined) continue;
          expect((await verbs(engine).removeAll(found.key))?.key).toBe(found.key);
          removed.push(found.key);
        }
        expect(removed).toEqual(keys);
        expect(await range(engine, base, `${base}~`)).toEqual([]);
        expect(await query(engine, keys[0]!)).toBeUndefined();
      },
    );
  });
}

/** Waits until the engine's clock, which may be ahead of the machine's, has passed a timestamp. */
async function passed(bench: Bench, timestamp: number): Promise<void> {
  await eventually('the next ms', async () => {
    // The first version of a key has the time of the clock.
    const first = await verbs(bench.engine).insert(bench.key(), 'v');
    return first.timestamp > timestamp;
  });
}
