import { describe, expect, it, type TestContext } from 'vitest';
import { newRequestId } from '../../src/client/request-id.js';
import type { Answers, Engine, Row } from '../../src/ports/engine.js';
import { collect } from '../support/collect.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { codeOf, letExpire, query, queryAt, range, serversOf, snapshotOf, ttlMsOf } from './support.js';

/** Values that expire. Only with the capability `expires`; elsewhere a time to live is refused. */
export function expirySection(bench: Bench): void {
  const need = (context: TestContext): void => {
    context.skip(bench.engine.capabilities.expires !== true, 'nothing expires');
  };
  const ttlMs = (): number => ttlMsOf(bench);
  const over = (): Promise<void> => letExpire(bench);
  const servers = (): readonly Engine[] => serversOf(bench);
  const insert = async (key: string, value: string): Promise<Answers['insert']> => {
    return bench.engine.write({ kind: 'insert', key, value, ttlMs: ttlMs() });
  };
  const history = async (engine: Engine, key: string): Promise<number[]> => {
    return (await collect(verbs(engine).versions(key))).map(({ version }) => version);
  };

  describe('values that expire', () => {
    it('are refused where nothing expires, and nothing is done', async (context) => {
      const { engine } = bench;
      context.skip(engine.capabilities.expires === true, 'they are offered');
      const key = bench.key();
      expect(await codeOf(() => insert(key, 'valor'))).toBe('NAO_SUPORTADO');
      expect(await query(engine, key)).toBeUndefined();
    });

    it('say when, and are like any other until then', async (context) => {
      need(context);
      const { engine, open } = bench;
      const key = bench.key();
      await verbs(engine).insert(key, 'fica');
      const { version, timestamp } = await insert(key, 'passa');
      expect(version).toBe(2);
      await open.settle();
      for (const server of servers()) {
        const row = await server.read({ kind: 'version', key });
        expect(row).toMatchObject({ value: 'passa', version, timestamp });
        // Engines may give a value a little longer than it asked for, never less.
        expect(row?.expiresAt).toBeGreaterThanOrEqual(timestamp + ttlMs() - 1);
        expect(row?.expiresAt).toBeLessThan(timestamp + ttlMs() + 60_000);
        const rows = await collect(verbs(server).versions(key));
        expect(rows.map((one) => one.expiresAt)).toEqual([undefined, row?.expiresAt]);
      }
    });

    it('vanish for every reader at once, and what they replaced is history', async (context) => {
      need(context);
      const { engine, open } = bench;
      const [alone, key, other] = [bench.key(), bench.key(), bench.key()];
      await insert(alone, 'só esta');
      const first = await verbs(engine).insert(key, 'antes');
      await insert(key, 'passa');
      await verbs(engine).insert(other, 'fica');
      await open.settle();
      await over();
      for (const server of servers()) {
        for (const gone of [alone, key]) {
          expect(await query(server, gone)).toBeUndefined();
          expect(await queryAt(server, gone)).toBeUndefined();
          expect(await verbs(server).heads(gone)).toEqual([]);
        }
        expect(await range(server, alone, other)).toMatchObject([{ key: other }]);
        expect(await snapshotOf(server, [alone, key, other])).toMatchObject([
          undefined,
          undefined,
          { value: 'fica' },
        ]);
        // By its version and by its time the older one is still read, and it is in the history.
        expect(await query(server, key, 1)).toMatchObject({ value: 'antes', version: 1 });
        expect(await query(server, key, 2)).toMatchObject({ value: 'antes', version: 1 });
        expect(await queryAt(server, key, first.timestamp)).toMatchObject({ value: 'antes' });
        expect(await snapshotOf(server, [alone, key], 1)).toMatchObject([undefined, { value: 'antes' }]);
        expect(await history(server, key)).toEqual([1]);
        expect(await history(server, alone)).toEqual([]);
        if (!server.capabilities.everything) continue;
        // Who takes a copy would show the older one as the latest value.
        const all = await collect(verbs(server).everything());
        expect(all.map((row) => row.key).filter((name) => [alone, key, other].includes(name))).toEqual([
          other,
        ]);
      }
    });

    it('count as absent for guards of commits', async (context) => {
      need(context);
      const { engine } = bench;
      context.skip(engine.capabilities.commits === 'none', 'no commits');
      const [key, old] = [bench.key(), bench.key()];
      await insert(key, 'passa');
      await verbs(engine).insert(old, 'antes');
      await insert(old, 'passa');
      const guarded = async (guard: string, version: number): Promise<boolean> =>
        verbs(engine).commit({ guards: [{ key: guard, version }], writes: [] });
      expect(await guarded(key, 1)).toBe(true);
      await over();
      expect(await guarded(key, 1)).toBe(false);
      expect(await guarded(key, 0)).toBe(true);
      expect(await guarded(old, 1)).toBe(false);
      expect(await guarded(old, 0)).toBe(true);
      const writes = [{ kind: 'insert', key, value: 'de novo' } as const];
      expect(await verbs(engine).commit({ guards: [{ key, version: 0 }], writes })).toBe(true);
      expect(await query(engine, key)).toMatchObject({ value: 'de novo', version: 2 });
    });

    it('leave a key that goes on counting', async (context) => {
      need(context);
      const { engine, open } = bench;
      const [key, alone] = [bench.key(), bench.key()];
      await verbs(engine).insert(key, 'um');
      await insert(key, 'dois');
      const gone = await insert(alone, 'um');
      await open.settle();
      await over();
      expect(await verbs(engine).put(key, 'três')).toMatchObject({
        row: { version: 3 },
        previous: undefined,
      });
      const next = await verbs(engine).insert(alone, 'dois');
      expect(next.version).toBe(2);
      expect(next.timestamp).toBeGreaterThan(gone.timestamp);
      await open.settle();
      for (const server of servers()) {
        expect(await query(server, key)).toMatchObject({ value: 'três', version: 3 });
        expect(await history(server, key)).toEqual([1, 3]);
      }
      // What stood before the expired one does not come back even when nothing stands before it any more.
      await verbs(engine).remove(key, 3);
      await open.settle();
      for (const server of servers()) {
        expect(await query(server, key)).toBeUndefined();
        expect(await query(server, key, 3)).toMatchObject({ version: 1 });
      }
    });

    it('are renewed by an insert, which keeps the history', async (context) => {
      need(context);
      const { engine, open } = bench;
      const [key, kept] = [bench.key(), bench.key()];
      await verbs(engine).insert(key, 'antes');
      await insert(key, 'sessão');
      await engine.write({ kind: 'insert', key, value: 'sessão', ttlMs: 1_000_000_000 });
      await insert(kept, 'passa');
      await verbs(engine).insert(kept, 'passa');
      await open.settle();
      await over();
      for (const server of servers()) {
        expect(await query(server, key)).toMatchObject({ value: 'sessão', version: 3 });
        expect(await history(server, key)).toEqual([1, 3]);
        expect(await query(server, kept)).toMatchObject({ value: 'passa', version: 2 });
        expect((await server.read({ kind: 'version', key: kept }))?.expiresAt).toBeUndefined();
      }
    });

    it('give way, when removed in time, to what was before them', async (context) => {
      need(context);
      const { engine, open } = bench;
      const key = bench.key();
      await verbs(engine).insert(key, 'antes');
      await insert(key, 'passa');
      await verbs(engine).remove(key, 2);
      await open.settle();
      await over();
      for (const server of servers()) expect(await query(server, key)).toMatchObject({ value: 'antes' });
    });

    it('are what a put replaced, only until they expire', async (context) => {
      need(context);
      const { engine } = bench;
      const [key, gone] = [bench.key(), bench.key()];
      await insert(key, 'passa');
      await insert(gone, 'passa');
      const { previous } = await verbs(engine).put(key, 'depois');
      expect(previous).toMatchObject({ key, value: 'passa', version: 1 });
      expect(previous?.expiresAt).toBeGreaterThan(0);
      await over();
      expect((await verbs(engine).put(gone, 'depois')).previous).toBeUndefined();
    });

    it('are not there for removals and trims any more, but their history is', async (context) => {
      need(context);
      const { engine, open } = bench;
      const [alone, key, trimmed, living] = [bench.key(), bench.key(), bench.key(), bench.key()];
      await insert(alone, 'passa');
      for (const one of [key, trimmed, living]) {
        await verbs(engine).insert(one, 'antes');
        await insert(one, 'passa');
      }
      expect(await verbs(engine).trim(living)).toMatchObject({ value: 'passa', version: 2 });
      expect(await history(engine, living)).toEqual([2]);
      await open.settle();
      await over();
      expect(await codeOf(() => verbs(engine).remove(alone))).toBe('CHAVE_INEXISTENTE');
      expect(await codeOf(() => verbs(engine).remove(alone, 1))).toBe('CHAVE_INEXISTENTE');
      expect(await verbs(engine).removeAll(alone)).toBeUndefined();
      expect(await verbs(engine).trim(alone)).toBeUndefined();
      expect(await verbs(engine).trim(trimmed)).toBeUndefined();
      expect(await history(engine, trimmed)).toEqual([1]);
      expect(await codeOf(() => verbs(engine).remove(trimmed, 2))).toBe('VERSAO_INEXISTENTE');
      await verbs(engine).remove(trimmed, 1);
      expect(await verbs(engine).removeAll(key)).toBeUndefined();
      await open.settle();
      for (const server of servers()) {
        for (const one of [alone, key, trimmed, living]) expect(await history(server, one)).toEqual([]);
      }
    });

    it('are told again to a request that is repeated after they expired', async (context) => {
      need(context);
      const { engine, open } = bench;
      context.skip(engine.capabilities.remembersRequests !== true, 'requests are not remembered');
      const key = bench.key();
      const id = newRequestId();
      const repeated = async (server: Engine, number: number): Promise<Answers['insert']> =>
        server.write({ kind: 'insert', key, value: 'passa', attempt: { id, number }, ttlMs: ttlMs() });
      const { version, timestamp } = await repeated(engine, 1);
      await open.settle();
      await over();
      for (const server of servers()) {
        expect(await repeated(server, 2)).toMatchObject({ version, timestamp });
        expect(await query(server, key)).toBeUndefined();
      }
    });

    it('keep their instant when they are restored', async (context) => {
      need(context);
      const { engine } = bench;
      context.skip(!engine.capabilities.restores, 'no restore');
      const key = bench.key();
      const { timestamp } = await insert(bench.key(), 'agora');
      const row: Row = { key, value: 'passa', version: 4, timestamp: 5, expiresAt: timestamp + ttlMs() };
      expect(await verbs(engine).restore(row)).toEqual({ version: 4, outcome: 'kept' });
      expect(await engine.read({ kind: 'version', key })).toMatchObject({ expiresAt: row.expiresAt });
      expect(await verbs(engine).restore(row)).toEqual({ version: 4, outcome: 'present' });
      await over();
      expect(await query(engine, key)).toBeUndefined();
      expect((await verbs(engine).insert(key, 'depois')).version).toBe(5);
    });
  });
}
