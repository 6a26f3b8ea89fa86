import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { OWN_PREFIX, RETENTION_KEY, retentionText } from '../../src/core/retention.js';
import type { RetentionRule } from '../../src/core/retention.js';
import { RetentionKeeper } from '../../src/engines/retention-keeper.js';
import type { Engine } from '../../src/ports/engine.js';
import type { Retains } from '../../src/ports/retention.js';
import type { Time } from '../../src/ports/time.js';
import { collect } from '../support/collect.js';
import { eventually } from '../support/eventually.js';
import { realTime } from '../support/real-time.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { LogRecorder } from './fleet/bus/support.js';
import { insertAll, plain } from './support.js';

const AGE_MS = 600;
const TTL_MS = 1_000;
const PACE = { turnMs: 1, restMs: 20, versionsPerTurn: 8, keysPerTurn: 4, busyMs: 50 };

/** A retention by stored setting and by option: what goes, what stays, and that one server is enough. */
export function retentionSection(bench: Bench): void {
  describe('retention', () => {
    const keepers: RetentionKeeper[] = [];
    const valid: boolean[] = [];
    /** Of each keeper, how many of its looks and walks are over. */
    const rests: number[] = [];

    afterEach(async () => {
      for (const keeper of keepers) keeper.stop();
      keepers.length = 0;
      await verbs(bench.engine).removeAll(RETENTION_KEY);
      await bench.open.settle();
    });

    const retaining = (): readonly (Engine & Retains)[] =>
      [bench.engine, bench.open.second, ...(bench.open.others ?? [])].filter(
        (engine) => engine !== undefined && 'retain' in engine,
      ) as (Engine & Retains)[];
    const need = (test: TestContext): void => {
      test.skip(!('retain' in bench.engine), 'an engine for tests, without retention');
    };
    /** Starts a keeper on every server; it is the turn of one of them at least. */
    const start = async (own: readonly RetentionRule[] = []): Promise<void> => {
      valid.length = rests.length = 0;
      for (const [index, engine] of retaining().entries()) {
        const onSetting = (is: boolean): void => void valid.push(is);
        const time = resting(() => (rests[index] = (rests[index] ?? 0) + 1));
        const keeper = new RetentionKeeper({
          ...{ engine, own, time, logger: new LogRecorder(), pace: PACE, onSetting },
        });
        keepers.push(keeper);
        keeper.start();
      }
      const keeps = await Promise.all(retaining().map(async (engine) => engine.keepsRetention()));
      expect(keeps).toContain(true);
    };
    /** Waits until every keeper has looked, or walked, from beginning to end after this call. */
    const walked = (): Promise<unknown> => {
      const before = [...rests];
      // The first one that ends may have begun before.
      const hasWalked = (_: unknown, index: number): boolean =>
        (rests[index] ?? 0) >= (before[index] ?? 0) + 2;
      return eventually('every keeper has walked', () => retaining().every(hasWalked));
    };
    const versionsOf = async (engine: Engine, key: string): Promise<readonly number[]> =>
      (await collect(verbs(engine).versions(key))).map((row) => row.version);
    const keeps = (key: string, versions: readonly number[]): Promise<unknown> =>
      eventually(`${key} keeps ${versions.join(', ')}`, async () => {
        const kept = await Promise.all(retaining().map((engine) => versionsOf(engine, key)));
        return kept.every((one) => one.join() === versions.join());
      });
    const hundred = Array.from({ length: 100 }, (_, n) => `v${n}`);

    it('by stored setting keeps the last so many, of the keys that it names', async (test) => {
      need(test);
      const [key, other] = [bench.key(), bench.key()];
      const rows = await insertAll(bench.engine, key, hundred);
      await insertAll(bench.engine, other, ['a', 'b']);
      await start();
      await verbs(bench.engine).insert(RETENTION_KEY, retentionText([{ prefix: key, versions: 3 }]));
      await keeps(key, [98, 99, 100]);
      await keeps(other, [1, 2]);
      expect(plain(await verbs(bench.engine).queryAt(key))).toEqual(rows.at(-1));
      expect((await insertAll(bench.engine, key, ['x']))[0]!.version).toBe(101);
      await keeps(key, [99, 100, 101]);
    });

    it('does not count what has expired', async (test) => {
      need(test);
      const { engine } = bench;
      const [key, witness] = [bench.key(), bench.key()];
      const ttlMs = bench.open.expiry?.ttlMs ?? TTL_MS;
      await insertAll(engine, key, ['a', 'b']);
      for (const one of [key, witness]) await engine.write({ kind: 'insert', key: one, value: 'c', ttlMs });
      await bench.open.settle();
      await bench.open.expiry?.over();
      // Some engines remove an expired value when somebody meets it: the key itself is left alone.
      await eventually('what was written later has expired', async () => {
        const found = await Promise.all(retaining().map(async (server) => verbs(server).query(witness)));
        return found.every((row) => row === undefined);
      });
      await start();
      await verbs(engine).insert(RETENTION_KEY, retentionText([{ prefix: key, versions: 1 }]));
      await keeps(key, [2]);
      expect(await verbs(engine).query(key)).toBeUndefined();
      expect(await verbs(engine).query(key, 3)).toMatchObject({ version: 2, value: 'b' });
    });

    it('by option, and the stored setting goes before it for the same prefix', async (test) => {
      need(test);
      const [key, other] = [bench.key(), bench.key()];
      await insertAll(bench.engine, key, ['a', 'b', 'c']);
      await insertAll(bench.engine, other, ['a', 'b', 'c']);
      await verbs(bench.engine).insert(RETENTION_KEY, retentionText([{ prefix: other, versions: 2 }]));
      await bench.open.settle();
      const own = [
        { prefix: key, versions: 1 },
        { prefix: other, versions: 1 },
      ];
      await start(own);
      await keeps(key, [3]);
      await keeps(other, [2, 3]);
    });

    it('by age removes what is old, and never the newest', async (test) => {
      need(test);
      const key = bench.key();
      const rows = await insertAll(bench.engine, key, ['a', 'b', 'c']);
      await start([{ prefix: key, ageMs: AGE_MS }]);
      await keeps(key, [3]);
      const clock = bench.key();
      await eventually('the newest is old', async () => {
        const { timestamp } = await verbs(bench.engine).insert(clock, '');
        return timestamp > rows.at(-1)!.timestamp + AGE_MS;
      });
      await walked();
      await keeps(key, [3]);
      await insertAll(bench.engine, key, ['d', 'e']);
      await keeps(key, [5]);
    });

    it('leaves everything alone while the stored setting cannot be read, and the setting itself always', async (test) => {
      need(test);
      const key = bench.key();
      await insertAll(bench.engine, key, ['a', 'b', 'c']);
      const other = bench.key();
      await insertAll(bench.engine, other, ['a', 'b']);
      await verbs(bench.engine).insert(RETENTION_KEY, '[{"prefixo":"a"}]');
      await bench.open.settle();
      await start([{ prefix: '', versions: 1 }]);
      await eventually('all say so', () => valid.length === retaining().length);
      expect(valid).not.toContain(true);
      await walked();
      await keeps(key, [1, 2, 3]);
      const only = [
        { prefix: '', versions: 9 },
        { prefix: key, versions: 1 },
        { prefix: OWN_PREFIX, versions: 2 },
      ];
      await verbs(bench.engine).insert(RETENTION_KEY, retentionText(only));
      await keeps(key, [3]);
      await keeps(other, [1, 2]);
      expect(valid).toContain(true);
      expect((await versionsOf(bench.engine, RETENTION_KEY)).length).toBe(2);
    });
  });
}

/** A clock that tells when a keeper rests: a look or a walk of it is over. */
function resting(onRest: () => void): Time {
  return {
    ...realTime,
    after: (delayMs, call) => {
      if (delayMs === PACE.restMs) onRest();
      return realTime.after(delayMs, call);
    },
  };
}
