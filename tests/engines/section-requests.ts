import { describe, expect, it, type TestContext } from 'vitest';
import { newRequestId } from '../../src/client/request-id.js';
import type { Bench } from './conformance.js';
import { query } from './support.js';
import { verbs } from '../support/verbs.js';

const AT_ONCE = 16;

/** Inserts that are repeated. Only with the capability `remembersRequests`. */
export function requestsSection(bench: Bench): void {
  const need = (context: TestContext): void => {
    if (bench.engine.capabilities.remembersRequests !== true) context.skip();
  };

  describe('requests that are repeated', () => {
    it('are done once and answered alike, here and at another server', async (context) => {
      need(context);
      const { engine, open } = bench;
      const key = bench.key();
      await verbs(engine).insert(key, 'antes');
      const id = newRequestId();
      const made = await verbs(engine).insert(key, 'valor', { id, number: 1 });
      expect(made.version).toBe(2);
      await verbs(engine).insert(key, 'depois');
      await open.settle();
      const { version, timestamp } = made;
      for (const server of [engine, open.second ?? engine]) {
        expect(await verbs(server).insert(key, 'valor', { id, number: 2 })).toMatchObject({
          version,
          timestamp,
        });
      }
      expect(await query(engine, key)).toMatchObject({ version: 3, value: 'depois' });
    });

    it('are done once when they come all at once', async (context) => {
      need(context);
      const { engine } = bench;
      const key = bench.key();
      const id = newRequestId();
      const insert = async () => verbs(engine).insert(key, 'valor', { id, number: 1 });
      const made = await Promise.all(Array.from({ length: AT_ONCE }, insert));
      expect(new Set(made.map(({ version }) => version))).toEqual(new Set([1]));
      expect(await query(engine, key)).toMatchObject({ version: 1 });
    });

    it('tell again what a put replaced', async (context) => {
      need(context);
      const { engine } = bench;
      const key = bench.key();
      const { row } = await verbs(engine).put(key, 'antes');
      const id = newRequestId();
      const put = await verbs(engine).put(key, 'depois', { id, number: 1 });
      expect(put.previous).toEqual(row);
      await verbs(engine).put(key, 'mais');
      expect(await verbs(engine).put(key, 'depois', { id, number: 2 })).toEqual(put);
    });

    it('are refused if the id names another insert, and nothing is done', async (context) => {
      need(context);
      const { engine } = bench;
      const [key, other] = [bench.key(), bench.key()];
      const id = newRequestId();
      await verbs(engine).insert(key, 'valor', { id, number: 1 });
      for (const [at, value] of [
        [key, 'outro'],
        [other, 'valor'],
      ] as const) {
        const again = async () => verbs(engine).insert(at, value, { id, number: 2 });
        await expect(again()).rejects.toMatchObject({ code: 'PEDIDO_REPETIDO' });
      }
      expect(await query(engine, key)).toMatchObject({ version: 1, value: 'valor' });
      expect(await query(engine, other)).toBeUndefined();
    });
  });
}
