import { describe, expect, it, type TestContext } from 'vitest';
import type { Row } from '../../src/ports/engine.js';
import type { Bench } from './conformance.js';
import { insertAll } from './support.js';
import { verbs } from '../support/verbs.js';

// More than one page of any engine.
const MANY_KEYS = 450;

/** All versions of all keys. Only where the engine has them. */
export function everythingSection(bench: Bench): void {
  const read = async (
    prefix: string,
    context: TestContext,
    meanwhile?: () => Promise<void>,
  ): Promise<Row[]> => {
    const { engine } = bench;
    if (!engine.capabilities.everything) return context.skip();
    const rows: Row[] = [];
    let begun = false;
    for await (const row of verbs(engine).everything()) {
      if (!begun) await meanwhile?.();
      begun = true;
      if (row?.key.startsWith(prefix) === true) rows.push(row);
    }
    return rows;
  };
  const inOrder = (rows: readonly Row[]): Row[] =>
    [...rows].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.version - b.version));

  describe('everything', () => {
    it('is every version of every key, of each in ascending order', async (context) => {
      const { engine } = bench;
      const base = bench.key();
      const [a, b, c] = [`${base}!%21"`, `${base}%`, `${base}😀`] as const;
      const rowsA = await insertAll(engine, a, ['a1', 'a2', 'a3']);
      const rowsB = await insertAll(engine, b, ['b1']);
      await insertAll(engine, c, ['c1', 'c2']);
      await verbs(engine).remove(a, 2);
      await verbs(engine).removeAll(c);
      const found = await read(base, context);
      expect(inOrder(found)).toEqual(inOrder([rowsA[0]!, rowsA[2]!, rowsB[0]!]));
      expect(found.filter(({ key }) => key === a).map(({ version }) => version)).toEqual([1, 3]);
    });

    it('is as all was at one moment, however long it takes', { timeout: 60_000 }, async (context) => {
      const { engine } = bench;
      const base = bench.key();
      const keys = Array.from({ length: MANY_KEYS }, (_, i) => `${base} ${String(i).padStart(4, '0')}`);
      const rows = await Promise.all(keys.map(async (key) => insertAll(engine, key, ['um'])));
      const found = await read(base, context, async () => {
        await Promise.all(keys.slice(-100).map(async (key) => verbs(engine).removeAll(key)));
        await Promise.all(keys.slice(0, 100).map(async (key) => verbs(engine).insert(key, 'dois')));
      });
      expect(inOrder(found)).toEqual(inOrder(rows.flat()));
    });
  });
}
