import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/ports/engine.js';
import { collect } from '../support/collect.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { codeOf, insertAll, query } from './support.js';

/** Versions that come from elsewhere. What an engine does not offer it refuses, and says so by its capabilities. */
export function restoreSection(bench: Bench): void {
  describe('what comes from elsewhere', () => {
    const elsewhere = (key: string, version: number, timestamp: number): Row => {
      return { key, value: `de longe ${String(version)}`, version, timestamp };
    };

    it('keeps its number and its timestamp where the key has none as late', async (context) => {
      const { engine } = bench;
      context.skip(!engine.capabilities.restores, 'no restore');
      const key = bench.key();
      const rows = [elsewhere(key, 1, 1_000), elsewhere(key, 7, 3_000)];
      for (const row of rows) {
        expect(await verbs(engine).restore(row)).toEqual({ version: row.version, outcome: 'kept' });
        expect(await verbs(engine).restore(row)).toEqual({ version: row.version, outcome: 'present' });
      }
      expect(await query(engine, key, 1)).toEqual(rows[0]);
      expect(await query(engine, key)).toEqual(rows[1]);
      expect((await insertAll(engine, key, ['daqui']))[0]?.version).toBe(8);
    });

    it('is the next version of a key that has one as late', async (context) => {
      const { engine } = bench;
      context.skip(!engine.capabilities.restores, 'no restore');
      const key = bench.key();
      const [here] = await insertAll(engine, key, ['daqui']);
      const late = here!.timestamp + 1_000_000;
      // Its number is taken; its timestamp is not the greatest.
      const renumbered = [elsewhere(key, 1, late), elsewhere(key, 9, here!.timestamp)];
      for (const [i, row] of renumbered.entries()) {
        expect(await verbs(engine).restore(row)).toEqual({ version: i + 2, outcome: 'renumbered' });
        expect(await query(engine, key)).toMatchObject({ value: row.value, version: i + 2 });
      }
      expect(await query(engine, key, 1)).toEqual(here);
    });

    it('counts after what was removed', async (context) => {
      const { engine } = bench;
      context.skip(!engine.capabilities.restores, 'no restore');
      const key = bench.key();
      await verbs(engine).restore(elsewhere(key, 3, 1_000));
      await verbs(engine).removeAll(key);
      expect(await verbs(engine).restore(elsewhere(key, 3, 1_000))).toEqual({
        version: 4,
        outcome: 'renumbered',
      });
      expect(await verbs(engine).restore(elsewhere(key, 5, 1_001))).toMatchObject({ version: 5 });
    });

    it('is refused where it is not offered', async (context) => {
      const { engine } = bench;
      const { restores, everything } = engine.capabilities;
      context.skip(restores && everything, 'both are offered');
      const key = bench.key();
      if (!restores) {
        expect(await codeOf(() => verbs(engine).restore(elsewhere(key, 1, 1)))).toBe('NAO_SUPORTADO');
      }
      if (!everything) {
        expect(await codeOf(() => collect(verbs(engine).everything()))).toBe('NAO_SUPORTADO');
      }
      expect(await query(engine, key)).toBeUndefined();
    });
  });
}
