import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RoomLimits } from '../../src/engines/room.js';
import type { CapacityName, HasCapacity, Usage } from '../../src/ports/capacity.js';
import type { Engine } from '../../src/ports/engine.js';
import { verbs } from '../support/verbs.js';
import { codeOf } from './support.js';

const LARGE: RoomLimits = { entries: 1000, storeBytes: 1e6, keys: 1000, entriesPerKey: 1000, origins: 1000 };

/** Two servers of the same store with these limits. */
interface SmallPair {
  readonly engine: Engine & HasCapacity;
  readonly second: Engine & HasCapacity;
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** What is used of a limit, as an engine says; of `versoes` of the first key. */
function usageOf(engine: HasCapacity, name: CapacityName): Usage | undefined {
  return engine.capacity().find((usage) => usage.name === name);
}

/** Each limit, through an engine: what fits is taken, one more is refused, and there is room again after removals. */
export function roomSection(name: string, open: (limits: RoomLimits) => Promise<SmallPair>): void {
  describe(`limits of ${name}`, () => {
    let pair: SmallPair;
    const opened = async (limits: Partial<RoomLimits>): Promise<SmallPair> =>
      (pair = await open({ ...LARGE, ...limits }));
    afterEach(() => pair.close());
    const insert = (key: string, value = 'x'): Promise<unknown> =>
      Promise.resolve(verbs(pair.engine).insert(key, value));

    it('entries', async () => {
      const { engine } = await opened({ entries: 4 });
      for (const key of ['um', 'um', 'dois', 'três']) await insert(key);
      expect(await codeOf(() => insert('um'))).toBe('LIMITE_ENTRADAS');
      expect(await codeOf(() => insert('nova'))).toBe('LIMITE_ENTRADAS');
      expect(usageOf(engine, 'entradas')).toMatchObject({ used: 4, limit: 4, refused: 2 });
      await verbs(engine).trim('um');
      await insert('um');
      expect(usageOf(engine, 'entradas')).toMatchObject({ used: 4 });
    });

    it('bytes', async () => {
      const { engine } = await opened({ storeBytes: 3000 });
      await insert('grande', 'x'.repeat(2000));
      expect(await codeOf(() => insert('outra', 'x'.repeat(1500)))).toBe('LIMITE_MEMORIA');
      expect(usageOf(engine, 'bytes')).toMatchObject({ limit: 3000, refused: 1 });
      await verbs(engine).remove('grande');
      expect(usageOf(engine, 'bytes')?.used).toBeLessThan(100);
      await insert('outra', 'x'.repeat(1500));
    });

    it('keys: those that are known still take versions', async () => {
      const { engine } = await opened({ keys: 2 });
      for (const key of ['um', 'dois']) await insert(key);
      expect(await codeOf(() => insert('três'))).toBe('LIMITE_CHAVES');
      await insert('um');
      expect(usageOf(engine, 'chaves')).toMatchObject({ used: 2, limit: 2, refused: 1 });
    });

    it('versions of a key: other keys are written as before', async () => {
      const { engine } = await opened({ entriesPerKey: 10 });
      for (let n = 0; n < 8; n++) await insert('longa');
      expect(usageOf(engine, 'versoes')).toBeUndefined();
      for (let n = 0; n < 2; n++) await insert('longa');
      expect(await codeOf(() => insert('longa'))).toBe('LIMITE_VERSOES_POR_CHAVE');
      await insert('outra');
      expect(usageOf(engine, 'versoes')).toMatchObject({ key: 'longa', used: 10, limit: 10, refused: 1 });
      await verbs(engine).remove('longa', 3);
      await insert('longa');
      await verbs(engine).trim('longa');
      await insert('longa');
      // Said once more, with what is used now; then nobody is near.
      expect(usageOf(engine, 'versoes')).toMatchObject({ key: 'longa', used: 2 });
      expect(usageOf(engine, 'versoes')).toBeUndefined();
    });

    it('a peer with the same limit takes what was acknowledged elsewhere, and refuses its own', async () => {
      const { engine, second, settle } = await opened({ entries: 3 });
      await Promise.all([insert('um'), insert('dois'), insert('três')]);
      await settle();
      expect(usageOf(second, 'entradas')).toMatchObject({ used: 3, limit: 3 });
      expect(await codeOf(() => verbs(second).insert('mais', 'x'))).toBe('LIMITE_ENTRADAS');
      await verbs(engine).remove('um');
      await settle();
      await verbs(second).insert('mais', 'x');
    });
  });
}

/** Peers that fill themselves while apart take each other's writes beyond every limit. */
export function overfullSection(
  name: string,
  open: (limits: RoomLimits) => Promise<SmallPair & { apart(run: () => Promise<unknown>): Promise<void> }>,
): void {
  describe(`beyond the limits of ${name}`, () => {
    let pair: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      pair = await open({ entries: 4, storeBytes: 1e6, keys: 4, entriesPerKey: 4, origins: 1000 });
    });
    afterEach(() => pair.close());

    it('what peers acknowledged is taken, then room is made by removals', async () => {
      const { engine, second, settle } = pair;
      await pair.apart(async () => {
        for (let n = 0; n < 4; n++) {
          await verbs(engine).insert('mesma', `a${n}`);
          await verbs(second).insert('mesma', `b${n}`);
        }
      });
      await settle();
      for (const server of [engine, second]) {
        expect(usageOf(server, 'entradas')).toMatchObject({ used: 8, limit: 4 });
        expect(await codeOf(() => verbs(server).insert('mesma', 'x'))).toBe('LIMITE_ENTRADAS');
      }
      await verbs(engine).trim('mesma');
      await settle();
      await verbs(second).insert('mesma', 'x');
    });
  });
}
