import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { limits } from '../../src/core/limits.js';
import type { CommitWrite, Engine } from '../../src/ports/engine.js';
import type { Bench } from './conformance.js';
import { allAtOnce, codeOf, insertAll, query, queryAt } from './support.js';
import { verbs, type CommitBody } from '../support/verbs.js';

const WRITERS = 20;

function inserting(key: string, value: string) {
  return { kind: 'insert', key, value } as const;
}

/** Several keys written as one step, on conditions. */
export function commitSection(bench: Bench): void {
  const value = async (key: string): Promise<string | undefined> => (await query(bench.engine, key))?.value;

  describe('commits', () => {
    beforeEach((context) => {
      context.skip(bench.engine.capabilities.commits === 'none', 'no commits');
    });

    it('write and remove, and the versions go on as ever', async () => {
      const { engine } = bench;
      const [a, b, c] = [bench.key(), bench.key(), bench.key()];
      await insertAll(engine, a, ['a1']);
      await insertAll(engine, b, ['b1', 'b2']);
      const writes: CommitWrite[] = [
        { kind: 'insert', key: a, value: 'a2' },
        { kind: 'removeAll', key: b },
        { kind: 'insert', key: c, value: 'c1' },
      ];
      expect(await verbs(engine).commit({ guards: [], writes })).toBe(true);
      expect(await query(engine, a)).toMatchObject({ value: 'a2', version: 2 });
      expect(await query(engine, a, 1)).toMatchObject({ value: 'a1' });
      expect(await query(engine, b)).toBeUndefined();
      expect(await query(engine, c)).toMatchObject({ value: 'c1', version: 1 });
      expect(await insertAll(engine, b, ['b3'])).toMatchObject([{ version: 3 }]);
    });

    it('do all if every guard holds, and nothing if one does not', async () => {
      const { engine } = bench;
      const [a, b, c] = [bench.key(), bench.key(), bench.key()];
      await insertAll(engine, a, ['a1', 'a2']);
      const writes: CommitWrite[] = [
        { kind: 'insert', key: b, value: 'b1' },
        { kind: 'removeAll', key: a },
      ];
      for (const version of [0, 1, 3]) {
        const guards = [
          { key: c, version: 0 },
          { key: a, version },
        ];
        expect(await verbs(engine).commit({ guards, writes })).toBe(false);
        expect([await value(a), await value(b)]).toEqual(['a2', undefined]);
      }
      const guards = [
        { key: a, version: 2 },
        { key: b, version: 0 },
      ];
      expect(await verbs(engine).commit({ guards, writes })).toBe(true);
      expect([await value(a), await value(b)]).toEqual([undefined, 'b1']);
      // What was removed has no version, and is told from what it was.
      expect(await verbs(engine).commit({ guards: [{ key: a, version: 2 }], writes: [] })).toBe(false);
      expect(await verbs(engine).commit({ guards: [{ key: a, version: 0 }], writes: [] })).toBe(true);
    });

    it('guard the newest row, not the greatest version ever', async () => {
      const { engine } = bench;
      const key = bench.key();
      await insertAll(engine, key, ['a', 'b', 'c']);
      await verbs(engine).remove(key, 3);
      expect((await queryAt(engine, key))?.version).toBe(2);
      const writes: CommitWrite[] = [{ kind: 'insert', key, value: 'd' }];
      expect(await verbs(engine).commit({ guards: [{ key, version: 3 }], writes })).toBe(false);
      expect(await verbs(engine).commit({ guards: [{ key, version: 2 }], writes })).toBe(true);
      expect((await query(engine, key))?.version).toBe(4);
    });

    it('remove what is not there without a word', async () => {
      const { engine } = bench;
      const [a, b] = [bench.key(), bench.key()];
      const writes: CommitWrite[] = [
        { kind: 'removeAll', key: a },
        { kind: 'insert', key: b, value: 'b1' },
      ];
      expect(await verbs(engine).commit({ guards: [], writes })).toBe(true);
      expect([await value(a), await value(b)]).toEqual([undefined, 'b1']);
    });

    it('take as many writes and guards as the limits say', async () => {
      const { engine } = bench;
      const keys = Array.from({ length: limits.commitWrites }, () => bench.key());
      const guards = Array.from({ length: limits.commitGuards }, () => ({ key: bench.key(), version: 0 }));
      expect(await verbs(engine).commit({ guards, writes: keys.map((key) => inserting(key, key)) })).toBe(
        true,
      );
      for (const key of keys) expect(await value(key)).toBe(key);
      expect(
        await verbs(engine).commit({ guards, writes: keys.map((key) => ({ kind: 'removeAll', key })) }),
      ).toBe(true);
      for (const key of keys) expect(await value(key)).toBeUndefined();
    });

    it('are refused where they are larger than the limits say, with nothing done', async () => {
      const { engine } = bench;
      const key = bench.key();
      const many = Array.from({ length: limits.commitWrites + 1 }, () => inserting(bench.key(), 'x'));
      const guards = Array.from({ length: limits.commitGuards + 1 }, () => ({
        key: bench.key(),
        version: 0,
      }));
      const long = 'v'.repeat(limits.valueBytes);
      const tooLarge: CommitBody[] = [
        { guards: [], writes: many },
        { guards, writes: [{ kind: 'insert', key, value: 'x' }] },
        { guards: [], writes: [key, bench.key(), bench.key()].map((each) => inserting(each, long)) },
        {
          guards: [],
          writes: [
            { kind: 'insert', key, value: 'um' },
            { kind: 'insert', key, value: 'outro' },
          ],
        },
      ];
      for (const change of tooLarge) {
        expect(await codeOf(() => verbs(engine).commit(change))).toBe('PEDIDO_INVALIDO');
        for (const write of change.writes) expect(await value(write.key)).toBeUndefined();
      }
      // The largest that there may be.
      const keys = [key, bench.key(), bench.key()];
      const left = limits.commitBytes - 2 * limits.valueBytes - 4 * Buffer.byteLength(key);
      const writes = keys.map((each, i) => inserting(each, i < 2 ? long : long.slice(0, left)));
      expect(await verbs(engine).commit({ guards: [{ key, version: 0 }], writes })).toBe(true);
      for (const write of writes) expect(await value(write.key)).toBe(write.value);
    });

    it('see what was asked for before them, and are seen by what is asked for after', async (context) => {
      const { engine } = bench;
      const inOrder = engine.capabilities.pipelined ?? false;
      context.skip(!inOrder, 'calls take effect when they are answered');
      const [a, b] = [bench.key(), bench.key()];
      const change = (version: number, done: string): CommitBody => ({
        guards: [{ key: a, version }],
        writes: [
          { kind: 'insert', key: a, value: done },
          { kind: 'insert', key: b, value: done },
        ],
      });
      const answers = await Promise.all([
        verbs(engine).insert(a, 'a1'),
        verbs(engine).commit(change(1, 'first')),
        verbs(engine).commit(change(1, 'too late')),
        verbs(engine).insert(b, 'b2'),
        verbs(engine).commit({ guards: [{ key: b, version: 2 }], writes: [{ kind: 'removeAll', key: a }] }),
        verbs(engine).insert(a, 'a3'),
      ]);
      expect(answers).toMatchObject([{ version: 1 }, true, false, { version: 2 }, true, { version: 3 }]);
      expect([await value(a), await value(b)]).toEqual(['a3', 'b2']);
      expect(await query(engine, a, 2)).toBeUndefined();
    });

    it('are seen as a whole: on this server, and on others where the engine promises it', async () => {
      const { engine, open } = bench;
      const [a, b] = [bench.key(), bench.key()];
      const readers =
        engine.capabilities.commits === 'everywhere' && open.second ? [engine, open.second] : [engine];
      let writing = true;
      const number = async (on: Engine, key: string): Promise<number> =>
        Number((await verbs(on).queryAt(key, undefined))?.value ?? 0);
      // Both always have the same number, which grows: whoever is read later is not behind.
      const look = async (on: Engine, first: string, then: string): Promise<void> => {
        while (writing) {
          const before = await number(on, first);
          expect(await number(on, then)).toBeGreaterThanOrEqual(before);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const watches = readers.flatMap((on) => [look(on, a, b), look(on, b, a)]);
      for (let n = 1; n <= WRITERS; n++) {
        const writes = [a, b].map((key) => inserting(key, String(n)));
        expect(await verbs(engine).commit({ guards: [{ key: a, version: n - 1 }], writes })).toBe(true);
      }
      writing = false;
      await Promise.all(watches);
    });

    it('of many at once on one guard, exactly one is done', async () => {
      const { engine } = bench;
      const key = bench.key();
      const done = await allAtOnce(WRITERS, (i) =>
        verbs(engine).commit({
          guards: [{ key, version: 0 }],
          writes: [{ kind: 'insert', key, value: String(i) }],
        }),
      );
      expect(done.filter(Boolean)).toHaveLength(1);
      expect(await value(key)).toBe(String(done.indexOf(true)));
    });

    it('on two servers at once count as one after the other, where the engine promises it', async (context: TestContext) => {
      const { engine, open } = bench;
      context.skip(open.second === undefined, 'one server only');
      context.skip(engine.capabilities.commits !== 'everywhere', 'not atomic over all servers');
      const [a, b] = [bench.key(), bench.key()];
      await insertAll(engine, a, ['0']);
      await insertAll(engine, b, ['0']);
      // Each adds one to both, on what it has read: nothing is lost, and both are always the same.
      const add = async (on: Engine): Promise<void> => {
        for (;;) {
          const [rowA, rowB] = [await verbs(on).queryAt(a, undefined), await verbs(on).queryAt(b, undefined)];
          const next = String(Number(rowA!.value) + 1);
          const guards = [
            { key: a, version: rowA!.version },
            { key: b, version: rowB!.version },
          ];
          const writes = [inserting(a, next), inserting(b, next)];
          if (await verbs(on).commit({ guards, writes })) return;
        }
      };
      await allAtOnce(WRITERS, (i) => add(i % 2 === 0 ? engine : (open.second as Engine)));
      expect([await value(a), await value(b)]).toEqual([String(WRITERS), String(WRITERS)]);
    });

    it('are refused as single writes are, with nothing done', async () => {
      const { engine } = bench;
      const [a, b] = [bench.key(), bench.key()];
      await insertAll(engine, a, ['a1']);
      expect(await codeOf(() => verbs(engine).remove(b, undefined))).toBe('CHAVE_INEXISTENTE');
      expect(
        await verbs(engine).commit({
          guards: [{ key: b, version: 1 }],
          writes: [{ kind: 'removeAll', key: a }],
        }),
      ).toBe(false);
      expect(await value(a)).toBe('a1');
    });
  });
}
