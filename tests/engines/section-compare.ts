import { describe, expect, it, type TestContext } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.js';
import { KvsError } from '../../src/core/errors.js';
import type { Engine, Row } from '../../src/ports/engine.js';
import { collect } from '../support/collect.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { allAtOnce, codeOf, insertAll, letExpire, query, serversOf, ttlMsOf } from './support.js';

/** Writers at once, and increments of each. */
const WRITERS = 8;
const INCREMENTS = 4;

async function compare(
  engine: Engine,
  key: string,
  expected: number,
  value?: string,
  ttlMs?: number,
): Promise<Row> {
  return engine.write({ kind: 'compare', key, expected, value, ttlMs });
}

async function refusal(
  engine: Engine,
  key: string,
  expected: number,
  value?: string,
): Promise<ErrorCode | undefined> {
  return codeOf(() => compare(engine, key, expected, value));
}

/** Writes on the condition that the latest version is the one that the writer has seen. */
export function compareSection(bench: Bench): void {
  const need = (context: TestContext): void => {
    context.skip(bench.engine.capabilities.compares !== true, 'nothing is compared');
  };
  const versions = async (engine: Engine, key: string): Promise<number[]> => {
    return (await collect(verbs(engine).versions(key))).map(({ version }) => version);
  };

  describe('comparisons', () => {
    it('are refused where other servers may write at the same moment, and nothing is done', async (context) => {
      context.skip(bench.engine.capabilities.compares === true, 'they are offered');
      const key = bench.key();
      const [{ version }] = (await insertAll(bench.engine, key, ['a'])) as [Row];
      for (const engine of serversOf(bench)) {
        expect(await refusal(engine, key, version, 'b')).toBe('NAO_SUPORTADO');
        expect(await refusal(engine, key, version)).toBe('NAO_SUPORTADO');
      }
      expect(await query(bench.engine, key)).toMatchObject({ value: 'a' });
    });

    it('write if the latest version is the one expected, and nothing if it is another', async (context) => {
      need(context);
      const key = bench.key();
      await insertAll(bench.engine, key, ['a', 'b']);
      for (const engine of serversOf(bench)) {
        for (const expected of [0, 1, 3, 2 ** 31 - 1])
          expect(await refusal(engine, key, expected, 'x')).toBe('VERSAO_OUTRA');
      }
      const row = await compare(bench.engine, key, 2, 'c');
      expect(row).toMatchObject({ key, value: 'c', version: 3 });
      await bench.open.settle();
      for (const engine of serversOf(bench)) {
        expect(await query(engine, key)).toEqual({ ...row });
        expect(await versions(engine, key)).toEqual([1, 2, 3]);
        expect(await refusal(engine, key, 2, 'x')).toBe('VERSAO_OUTRA');
      }
      expect(await compare(serversOf(bench)[1], key, 3, 'd')).toMatchObject({ value: 'd', version: 4 });
    });

    it('with 0 write only where there is no version, and numbers go on after a removal', async (context) => {
      need(context);
      const key = bench.key();
      const [engine, second] = serversOf(bench);
      expect(await refusal(engine, key, 1, 'x')).toBe('VERSAO_OUTRA');
      expect(await compare(engine, key, 0, 'a')).toMatchObject({ value: 'a', version: 1 });
      expect(await refusal(second, key, 0, 'x')).toBe('VERSAO_OUTRA');
      await verbs(second).remove(key);
      expect(await refusal(engine, key, 1, 'x')).toBe('VERSAO_OUTRA');
      expect(await compare(engine, key, 0, 'b')).toMatchObject({ value: 'b', version: 2 });
      // Once the latest version is removed, the one before it is the latest.
      await insertAll(second, key, ['c']);
      await verbs(second).remove(key, 3);
      expect(await refusal(engine, key, 3, 'x')).toBe('VERSAO_OUTRA');
      expect(await compare(engine, key, 2, 'd')).toMatchObject({ version: 4 });
    });

    it('without a value remove every version, or none', async (context) => {
      need(context);
      const [key, never] = [bench.key(), bench.key()];
      const rows = await insertAll(bench.engine, key, ['a', 'b']);
      const [engine, second] = serversOf(bench);
      expect(await refusal(second, key, 1)).toBe('VERSAO_OUTRA');
      expect(await refusal(second, key, 0)).toBe('VERSAO_OUTRA');
      expect(await versions(engine, key)).toEqual([1, 2]);
      expect(await compare(second, key, 2)).toMatchObject({ ...rows[1] });
      await bench.open.settle();
      for (const server of serversOf(bench)) {
        expect(await versions(server, key)).toEqual([]);
        expect(await refusal(server, key, 2)).toBe('VERSAO_OUTRA');
        for (const none of [key, never]) expect(await refusal(server, none, 0)).toBe('CHAVE_INEXISTENTE');
      }
    });

    it('let exactly one of many writers win, on whichever server', async (context) => {
      need(context);
      const servers = serversOf(bench);
      const key = bench.key();
      for (let expected = 0; expected < 5; expected++) {
        const codes = await allAtOnce(2 * WRITERS, (i) => refusal(servers[i % 2]!, key, expected, `w${i}`));
        expect(codes.filter((code) => code === undefined)).toHaveLength(1);
        expect(codes.filter((code) => code === 'VERSAO_OUTRA')).toHaveLength(2 * WRITERS - 1);
        const latest = await query(servers[0], key);
        expect(latest).toMatchObject({ version: expected + 1, value: `w${codes.indexOf(undefined)}` });
      }
      const codes = await allAtOnce(2 * WRITERS, (i) => refusal(servers[i % 2]!, key, 5));
      expect(codes.filter((code) => code === undefined)).toHaveLength(1);
      expect(await query(servers[0], key)).toBeUndefined();
    });

    it('lose no increment of a counter', async (context) => {
      need(context);
      const key = bench.key();
      const increment = async (engine: Engine): Promise<void> => {
        for (;;) {
          const { version, value } = (await query(engine, key)) ?? { version: 0, value: '0' };
          try {
            await compare(engine, key, version, String(Number(value) + 1));
            return;
          } catch (error) {
            if (!(error instanceof KvsError) || error.code !== 'VERSAO_OUTRA') throw error;
          }
        }
      };
      await allAtOnce(WRITERS, async (i) => {
        for (let n = 0; n < INCREMENTS; n++) await increment(serversOf(bench)[i % 2]!);
      });
      await bench.open.settle();
      const total = WRITERS * INCREMENTS;
      for (const engine of serversOf(bench))
        expect(await query(engine, key)).toMatchObject({ version: total, value: String(total) });
    }, 60_000);

    it('take what has expired for absent', async (context) => {
      need(context);
      context.skip(bench.engine.capabilities.expires !== true, 'nothing expires');
      const [key, old] = [bench.key(), bench.key()];
      const ttlMs = ttlMsOf(bench);
      const row = await compare(bench.engine, key, 0, 'passa', ttlMs);
      expect(row.expiresAt).toBeGreaterThanOrEqual(row.timestamp + ttlMs - 1);
      await insertAll(bench.engine, old, ['antes']);
      await compare(bench.engine, old, 1, 'passa', ttlMs);
      await bench.open.settle();
      await letExpire(bench);
      for (const engine of serversOf(bench)) {
        expect(await refusal(engine, key, 1, 'x')).toBe('VERSAO_OUTRA');
        for (const expected of [1, 2]) expect(await refusal(engine, old, expected, 'x')).toBe('VERSAO_OUTRA');
      }
      expect(await compare(bench.engine, key, 0, 'de novo')).toMatchObject({ version: 2 });
      expect(await compare(serversOf(bench)[1], old, 0, 'de novo')).toMatchObject({ version: 3 });
    });
  });
}
