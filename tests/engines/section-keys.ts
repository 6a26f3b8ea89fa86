import { describe, expect, it } from 'vitest';
import { limits } from '../../src/core/limits.js';
import type { Bench } from './conformance.js';
import { insertAll, plain, query, queryAt, range, snapshotOf } from './support.js';
import { verbs } from '../support/verbs.js';

const TEXTS = [
  '',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'a!b',
  '!',
  '!!!',
  'a/b\\c',
  '\0',
  '\0\uffff',
  '\n\r\t ',
  '\uFEFFbom',
  '%21',
  'ção',
  '😀👩‍👩‍👧‍👦🇧🇷',
  'é'.repeat(limits.keyBytes / 2),
  'x'.repeat(limits.keyBytes),
];

/** Keys that look like something else, and are like any other. */
export function keysSection(bench: Bench): void {
  describe('keys and values', () => {
    it.each(TEXTS)('may be %j', async (text) => {
      const { engine } = bench;
      const [one, two] = await insertAll(engine, text, ['', text]);
      expect([one!.version, two!.version]).toEqual([1, 2]);
      expect([await query(engine, text, 1), await query(engine, text)]).toEqual([one, two]);
      expect(await queryAt(engine, text, one!.timestamp)).toEqual(one);
      expect(await range(engine, text, text)).toEqual([{ key: text, row: two }]);
      expect(await snapshotOf(engine, [text])).toEqual([two]);
      expect(plain(await verbs(engine).trim(text))).toEqual(two);
      expect(plain(await verbs(engine).removeAll(text))).toEqual(two);
      expect(await query(engine, text)).toBeUndefined();
      expect(await range(engine, text, text)).toEqual([]);
    });

    it('are kept apart, whatever one is made of', async () => {
      const { engine } = bench;
      const base = bench.key();
      // A version joined to a key, an escape, a normal form: none may be taken for another key.
      const suffixes = [
        '',
        '!',
        '!1',
        '!!1',
        '!0000000001',
        '!00000000000000000001',
        '\\!1',
        '%211',
        '\0',
        'é',
        'e\u0301',
      ];
      const keys = suffixes.map((suffix) => `${base}${suffix}`);
      for (const [i, key] of keys.entries()) {
        await insertAll(
          engine,
          key,
          Array.from({ length: i + 1 }, (_, n) => `${String(i)}:${String(n)}`),
        );
      }
      const latest = async () => Promise.all(keys.map(async (key) => (await query(engine, key))?.value));
      const values = keys.map((_, i) => `${String(i)}:${String(i)}`);
      expect(await latest()).toEqual(values);
      for (const [i, key] of keys.entries()) {
        expect((await verbs(engine).removeAll(key))?.version).toBe(i + 1);
        expect(await latest()).toEqual(values.map((value, j) => (j <= i ? undefined : value)));
      }
    });
  });
}
