import { describe, expect, it, type TestContext } from 'vitest';
import { limits } from '../../src/core/limits.js';
import { collect } from '../support/collect.js';
import { sessionAt } from '../support/session-at.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { codeOf, insertAll, query } from './support.js';

/** What a client has seen, and carries from server to server. Only with guarantees. */
export function sessionsSection(bench: Bench): void {
  const need = (context: TestContext): void => {
    if (bench.engine.guarantees === undefined) context.skip();
  };

  describe('sessions', () => {
    it('read at each server what they wrote and read at another', async (context) => {
      need(context);
      const { engine, open } = bench;
      const second = open.second ?? engine;
      const key = bench.key();
      const begun = await sessionAt(engine, undefined);
      await verbs(begun.store).insert(key, 'sua');
      await open.settle();
      const there = await sessionAt(second, begun.token());
      expect(await query(there.store, key)).toMatchObject({ version: 1, value: 'sua' });
      await verbs(second).insert(key, 'de outro');
      expect(await query(there.store, key)).toMatchObject({ version: 2 });
      await open.settle();
      const back = await sessionAt(engine, there.token());
      expect(await query(back.store, key)).toMatchObject({ version: 2, value: 'de outro' });
      await verbs(back.store).removeAll(key);
      await open.settle();
      expect(await query((await sessionAt(second, back.token())).store, key)).toBeUndefined();
    });

    it('see and do what anybody does', async (context) => {
      need(context);
      const { engine } = bench;
      const key = bench.key();
      const rows = await insertAll((await sessionAt(engine, undefined)).store, key, ['a', 'b', 'c']);
      const { store } = await sessionAt(engine, undefined);
      expect((await collect(verbs(store).versions(key))).map(({ value }) => value)).toEqual(['a', 'b', 'c']);
      expect(await query(store, key, 2)).toEqual(rows[1]);
      const listed = await collect(store.scan({ kind: 'list', prefix: key }));
      expect(listed).toMatchObject([{ key, version: 3 }]);
      expect(await codeOf(() => verbs(store).remove(key, 9))).toBe('VERSAO_INEXISTENTE');
      expect(await verbs(store).remove(key, 2)).toMatchObject({ versions: 1 });
      expect((await collect(verbs(engine).versions(key))).map(({ value }) => value)).toEqual(['a', 'c']);
    });

    it('have a token of bounded length, whatever they have seen, that outlives what follows', async (context) => {
      need(context);
      const { engine, open } = bench;
      const keys = Array.from({ length: 150 }, () => bench.key());
      const begun = await sessionAt(engine, undefined);
      for (const key of keys) await verbs(begun.store).insert(key, 'v');
      await collect(begun.store.scan({ kind: 'list' }));
      const token = begun.token();
      expect(token).toMatch(/^[!-~]+$/);
      expect(token!.length).toBeLessThanOrEqual(limits.sessionTokenBytes);
      await open.settle();
      const there = await sessionAt(open.second ?? engine, token);
      for (const key of keys) expect(await query(there.store, key)).toMatchObject({ version: 1 });
      const counts = await collect(there.store.scan({ kind: 'count', from: keys[0]!, to: keys.at(-1)! }));
      expect(counts.reduce((sum, one) => sum + one.keys, 0)).toBe(keys.length);
      expect(there.token()!.length).toBeLessThanOrEqual(limits.sessionTokenBytes);
    });

    it('refuse what is no token', async (context) => {
      need(context);
      for (const token of ['x', 'zz.1.2', '\u00e9', 'a'.repeat(limits.sessionTokenBytes + 1)])
        expect([token, await codeOf(() => sessionAt(bench.engine, token))]).toEqual([
          token,
          'PEDIDO_INVALIDO',
        ]);
    });
  });
}
