import { describe, expect, it } from 'vitest';
import { Restorer } from '../../src/doors/grpc/copy/restorer.js';
import type { Engine, Restored, Row } from '../../src/ports/engine.js';
import type { Bench } from './conformance.js';
import { collect } from '../support/collect.js';
import { insertAll } from './support.js';
import { verbs } from '../support/verbs.js';

/** Versions from elsewhere, long ago, with a gap in their numbers. */
function copyOf(key: string, values: readonly string[]): Row[] {
  return values.map((value, i) => ({
    key,
    value,
    version: i < 2 ? i + 1 : i + 4,
    timestamp: 1_000 * (i + 1),
  }));
}

async function take(engine: Engine, rows: readonly Row[]): Promise<Restored['outcome'][]> {
  const restorer = new Restorer();
  const restored: Restored[] = [];
  for (const row of rows) restored.push(await restorer.restore(engine, row));
  return restored.map(({ outcome }) => outcome);
}

async function rowsOf(engine: Engine, key: string): Promise<Row[]> {
  const rows = await collect(verbs(engine).versions(key));
  return rows.map(({ value, version, timestamp }) => ({ key, value, version, timestamp }));
}

/** Versions of one key, and copies that come from elsewhere. */
export function copySection(bench: Bench): void {
  describe('versions', () => {
    it('are all of a key, in ascending order, and of no other', async () => {
      const { engine } = bench;
      const key = bench.key();
      expect(await rowsOf(engine, key)).toEqual([]);
      const rows = await insertAll(engine, key, ['a', 'b', 'c']);
      await insertAll(engine, `${key}!`, ['outra']);
      await insertAll(engine, `${key}"`, ['outra']);
      await verbs(engine).remove(key, 2);
      expect(await rowsOf(engine, key)).toEqual([rows[0], rows[2]]);
      await verbs(engine).removeAll(key);
      expect(await rowsOf(engine, key)).toEqual([]);
    });
  });

  describe('a copy that is taken again adds nothing', () => {
    const VALUES = ['x', 'y', 'x', 'z'];
    /** Takes it twice, on both servers if there are two. */
    const twice = async (key: string, before: readonly string[], added: readonly string[]): Promise<void> => {
      const { engine, open } = bench;
      const copy = copyOf(key, VALUES);
      const first = await take(engine, copy);
      expect(first.filter((outcome) => outcome !== 'present')).toHaveLength(added.length);
      const rows = await rowsOf(engine, key);
      expect(rows.map(({ value }) => value)).toEqual([...before, ...added]);
      await open.settle();
      for (const server of [engine, open.second ?? engine]) {
        expect(await take(server, copy)).toEqual(copy.map(() => 'present'));
        expect(await take(server, copy.slice(2))).toEqual(['present', 'present']);
        expect(await rowsOf(server, key)).toEqual(rows);
      }
    };

    it('to a key that had none', async () => {
      await twice(bench.key(), [], VALUES);
    });

    it('to a key with versions of its own', async () => {
      const key = bench.key();
      await insertAll(bench.engine, key, ['antes', 'y', 'depois']);
      await twice(key, ['antes', 'y', 'depois'], ['x', 'x', 'z']);
    });

    it('where it broke off', async () => {
      const key = bench.key();
      await take(bench.engine, copyOf(key, VALUES).slice(0, 3));
      await twice(key, ['x', 'y', 'x'], ['z']);
    });

    it('but puts back what was removed meanwhile, once', async () => {
      const key = bench.key();
      await take(bench.engine, copyOf(key, VALUES));
      await verbs(bench.engine).remove(key, 2);
      await twice(key, ['x', 'x', 'z'], ['y']);
      await verbs(bench.engine).removeAll(key);
      await twice(key, [], VALUES);
    });

    it('among other keys', async () => {
      const { engine } = bench;
      const keys = [bench.key(), bench.key(), bench.key()];
      const copy = keys.flatMap((key) => copyOf(key, VALUES));
      expect(await take(engine, copy)).not.toContain('present');
      expect(new Set(await take(engine, copy))).toEqual(new Set(['present']));
    });
  });
}
