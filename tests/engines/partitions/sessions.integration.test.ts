import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartitionsEngine } from '../../../src/engines/partitions/engine.js';
import { partitionOf, slotOf } from '../../../src/engines/partitions/layout.js';
import { collect } from '../../support/collect.js';
import { eventually } from '../../support/eventually.js';
import { startPartitions } from '../../support/partitions.js';
import { redisAvailable, startRedisCluster } from '../../support/redis-cluster.js';
import type { TestCluster } from '../../support/redis-cluster.js';
import { sessionAt } from '../../support/session-at.js';
import { verbs } from '../../support/verbs.js';
import { codeOf } from '../support.js';

const FAILOVER_MS = 40_000;
/** What a session waits for a master that has what it has seen. */
const WAIT_MS = 500;

/** Keys whose partitions the first master has, each in another one. */
function keysOfFirstMaster(count: number): string[] {
  const found = new Map<number, string>();
  for (let n = 0; found.size < count; n++) {
    const partition = partitionOf(`sessao/${n}`);
    if (slotOf(partition) * 3 < 16_384 && !found.has(partition)) found.set(partition, `sessao/${n}`);
  }
  return [...found.values()];
}

describe.skipIf(!redisAvailable())('sessions of partitions whose master is lost', { timeout: 90_000 }, () => {
  let cluster: TestCluster;
  let engines: readonly PartitionsEngine[] = [];

  beforeAll(async () => {
    // A master goes on alone, so that what it accepts can be lost.
    cluster = await startRedisCluster({ options: ['--minimo-replicas', '0'] });
    engines = [await startPartitions(cluster.addresses), await startPartitions(cluster.addresses)];
  }, 90_000);

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await cluster.stop();
  });

  it('go on where nothing of theirs was lost, and are refused where something was, for ever', async () => {
    const [here, there] = engines as [PartitionsEngine, PartitionsEngine];
    const [master, replica] = [cluster.nodes[0]!, cluster.nodes[3]!];
    const [kept = '', lost = '', quiet = ''] = keysOfFirstMaster(3);
    for (const key of [kept, lost, quiet]) await verbs(here).insert(key, 'antes');

    /** Tokens of sessions that have seen a key, and of one that has read everything. */
    const tokenOf = async (key: string, write: boolean): Promise<string> => {
      const session = await sessionAt(here, undefined);
      if (write) await verbs(session.store).insert(key, 'sua');
      else await verbs(session.store).query(key);
      return session.token()!;
    };
    const whole = await sessionAt(here, undefined);
    await collect(whole.store.scan({ kind: 'list' }));
    const tokens = {
      kept: await tokenOf(kept, true),
      quiet: await tokenOf(quiet, false),
      whole: whole.token(),
    };
    await verbs(here).insert(kept, 'confirmada');
    expect(await here.guarantees.confirm(1, 20_000)).toBe(1);

    // The replica gets nothing of this: it is frozen, and what was on its way is thrown away with its connection.
    replica.freeze();
    await master.ask('CLIENT', 'KILL', 'TYPE', 'replica');
    const lostTokens = { written: await tokenOf(lost, true), read: await tokenOf(lost, false) };
    const wholeOfLost = await sessionAt(here, undefined);
    await collect(wholeOfLost.store.scan({ kind: 'list' }));
    const versionLost = (await verbs(here).query(lost))?.version;
    expect(versionLost).toBe(2);
    await master.kill9();
    replica.thaw();
    await eventually(
      'its replica takes its place',
      async () => (await codeOf(() => verbs(there).insert(quiet, 'depois'))) === undefined,
      FAILOVER_MS,
    );
    expect(await verbs(there).query(lost)).toMatchObject({ version: 1 });

    const readWith = async (
      token: string | undefined,
      key: string,
      at = there,
    ): Promise<number | undefined> =>
      (await verbs((await sessionAt(at, token, WAIT_MS)).store).query(key))?.version;
    const asPromised = async (): Promise<void> => {
      expect(await readWith(tokens.kept, kept)).toBeGreaterThanOrEqual(3);
      expect(await readWith(tokens.quiet, quiet)).toBeGreaterThanOrEqual(2);
      for (const key of [kept, lost, quiet])
        expect(await readWith(tokens.whole, key)).toBeGreaterThanOrEqual(1);
      for (const token of [lostTokens.written, lostTokens.read, wholeOfLost.token()]) {
        for (const engine of engines) {
          expect(await codeOf(() => readWith(token, lost, engine))).toBe('SESSAO_ADIANTE');
          const { store } = await sessionAt(engine, token, WAIT_MS);
          expect(await codeOf(() => verbs(store).insert(lost, 'nunca'))).toBe('SESSAO_ADIANTE');
          const watch = store.scan({ kind: 'watch', key: lost, from: 'now' }) as AsyncIterable<unknown>;
          expect(await codeOf(async () => watch[Symbol.asyncIterator]().next())).toBe('SESSAO_ADIANTE');
        }
      }
    };
    await asPromised();
    const values = (await collect(verbs(there).versions(lost))).map(({ value }) => value);
    expect(values).toEqual(['antes']);

    // What tells it is forgotten, and others have written more than was lost.
    for (let n = 0; n < 22; n++)
      await Promise.all(
        [kept, lost, quiet].flatMap((key) =>
          Array.from({ length: 100 }, () => verbs(there).insert(key, `v${n}`)),
        ),
      );
    expect(await readWith(undefined, lost)).toBeGreaterThan(2_000);
    await asPromised();

    // Who begins again goes on.
    const begun = await sessionAt(here, undefined);
    const { version } = await verbs(begun.store).insert(lost, 'de novo');
    expect(await readWith(begun.token(), lost)).toBe(version);
  });
});
