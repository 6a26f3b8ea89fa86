import { describe, expect, it, type TestContext } from 'vitest';
import type { Engine, Row } from '../../src/ports/engine.js';
import { collect } from '../support/collect.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { allAtOnce, codeOf, insertAll, letExpire, query, serversOf, ttlMsOf } from './support.js';

/** Writers at once of one key. */
const WRITERS = 12;

async function renew(engine: Engine, key: string, ttlMs?: number): Promise<Row> {
  return engine.write({ kind: 'renew', key, ttlMs });
}

/** New versions with the same value, that expire at another time, or never. */
export function renewSection(bench: Bench): void {
  const needsExpiry = (context: TestContext): void => {
    context.skip(bench.engine.capabilities.expires !== true, 'nothing expires');
  };

  describe('renewals', () => {
    it('add a version with the same value', async () => {
      const key = bench.key();
      const rows = await insertAll(bench.engine, key, ['a', 'b']);
      const row = await renew(bench.engine, key);
      expect(row).toMatchObject({ key, value: 'b', version: 3 });
      expect(row.timestamp).toBeGreaterThan(rows[1]!.timestamp);
      expect(row.expiresAt).toBeUndefined();
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        expect(await query(engine, key)).toEqual({ key, value: 'b', version: 3, timestamp: row.timestamp });
        const all = await collect(verbs(engine).versions(key));
        expect(all.map(({ value }) => value)).toEqual(['a', 'b', 'b']);
      }
      expect(await renew(serversOf(bench)[1], key)).toMatchObject({ value: 'b', version: 4 });
    });

    it('need a latest version', async (context) => {
      const [never, gone, expired] = [bench.key(), bench.key(), bench.key()];
      await insertAll(bench.engine, gone, ['a']);
      await verbs(bench.engine).remove(gone);
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        for (const key of [never, gone])
          expect(await codeOf(() => renew(engine, key))).toBe('CHAVE_INEXISTENTE');
      }
      needsExpiry(context);
      await insertAll(bench.engine, expired, ['antes']);
      await bench.engine.write({ kind: 'insert', key: expired, value: 'passa', ttlMs: ttlMsOf(bench) });
      await bench.open.settle();
      await letExpire(bench);
      for (const engine of serversOf(bench)) {
        expect(await codeOf(() => renew(engine, expired))).toBe('CHAVE_INEXISTENTE');
        expect(await codeOf(() => renew(engine, expired, ttlMsOf(bench)))).toBe('CHAVE_INEXISTENTE');
        expect((await collect(verbs(engine).versions(expired))).map(({ value }) => value)).toEqual(['antes']);
      }
    });

    it('with a time to live are refused where nothing expires', async (context) => {
      context.skip(bench.engine.capabilities.expires === true, 'values expire');
      const key = bench.key();
      await insertAll(bench.engine, key, ['a']);
      expect(await codeOf(() => renew(bench.engine, key, 1_000))).toBe('NAO_SUPORTADO');
      expect(await query(bench.engine, key)).toMatchObject({ version: 1 });
    });

    it('set, lift and put off when a value expires', async (context) => {
      needsExpiry(context);
      const [set, lifted, putOff] = [bench.key(), bench.key(), bench.key()];
      const ttlMs = ttlMsOf(bench);
      await insertAll(bench.engine, set, ['a']);
      for (const key of [lifted, putOff])
        await bench.engine.write({ kind: 'insert', key, value: 'a', ttlMs });
      const row = await renew(bench.engine, set, ttlMs);
      expect(row.expiresAt).toBeGreaterThanOrEqual(row.timestamp + ttlMs - 1);
      expect((await renew(bench.engine, lifted)).expiresAt).toBeUndefined();
      expect(await renew(bench.engine, putOff, 20 * ttlMs)).toMatchObject({ value: 'a', version: 2 });
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        const found = await engine.read({ kind: 'version', key: set });
        expect(found).toMatchObject({ value: 'a', version: 2, expiresAt: row.expiresAt });
      }
      await letExpire(bench);
      for (const engine of serversOf(bench)) {
        expect(await query(engine, set)).toBeUndefined();
        for (const key of [lifted, putOff]) {
          expect(await query(engine, key)).toMatchObject({ value: 'a', version: 2 });
          expect(await collect(verbs(engine).versions(key))).toHaveLength(1);
        }
      }
      // A lease that is renewed again and again lives on.
      expect(await renew(serversOf(bench)[1], putOff, 20 * ttlMs)).toMatchObject({ value: 'a', version: 3 });
    });

    it('carry the value before them, whoever writes at the same time', async () => {
      const key = bench.key();
      await insertAll(bench.engine, key, ['w']);
      const isOneOrder = bench.engine.capabilities.compares === true;
      const servers = isOneOrder ? serversOf(bench) : ([bench.engine, bench.engine] as const);
      await allAtOnce(WRITERS, (i): unknown =>
        i % 3 === 0 ? verbs(servers[i % 2]!).insert(key, `w${i}`) : renew(servers[i % 2]!, key),
      );
      const all = await collect(verbs(bench.engine).versions(key));
      expect(all.map(({ version }) => version)).toEqual(all.map((_, i) => i + 1));
      expect(all).toHaveLength(WRITERS + 1);
      const inserted = all.filter(({ value }, i) => i > 0 && value !== all[i - 1]!.value);
      expect(inserted).toHaveLength(WRITERS / 3);
    });
  });
}
