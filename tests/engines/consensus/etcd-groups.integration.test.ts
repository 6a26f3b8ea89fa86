import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import type { WatchEvent } from '../../../src/ports/watch.js';
import { startConsensus } from '../../support/consensus.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { LossyProxy } from '../../support/lossy-proxy.js';
import { verbs } from '../../support/verbs.js';
import { codeOf } from '../support.js';
import { WatchReader } from '../../support/watch-reader.js';

const WRITES = 120;
const keysOf = (prefix: string): string[] => Array.from({ length: WRITES }, (_, i) => `${prefix}${i}`);

/** Many calls at once share transactions: each must be done, told and watched as if it had been alone. */
describe.skipIf(!etcdAvailable())('calls that come together', () => {
  let cluster: EtcdCluster;
  let proxies: readonly LossyProxy[] = [];
  /** Behind the proxies. */
  let engine: ConsensusEngine;
  /** Sees the members as they are. */
  let witness: ConsensusEngine;

  const set = (mode: 'pass' | 'dropAnswers'): void => proxies.forEach((proxy) => proxy.set(mode));
  const asked = (): number =>
    engine.members.reduce(
      (sum, { attempts }) => sum + Object.values(attempts).reduce((all, each) => all + each, 0),
      0,
    );

  beforeAll(async () => {
    cluster = await startEtcd();
    proxies = await Promise.all(cluster.addresses.map((address) => LossyProxy.start(address)));
    const tuning = { attemptMs: 500 };
    engine = startConsensus(
      proxies.map(({ address }) => address),
      { deadlineMs: 20_000, tuning },
    );
    witness = startConsensus(cluster.addresses, { deadlineMs: 20_000 });
    await verbs(engine).insert('primeira', 'de todas');
  }, 90_000);

  afterEach(() => {
    set('pass');
  });

  afterAll(async () => {
    await engine.stop();
    await witness.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await cluster.stop();
  });

  it('are done each, by far fewer requests', { timeout: 60_000 }, async () => {
    const keys = keysOf('junta ');
    const before = asked();
    const made = await Promise.all(keys.map((key) => verbs(engine).insert(key, `de ${key}`)));
    expect(made.map(({ version }) => version)).toEqual(keys.map(() => 1));
    const read = await Promise.all(keys.map((key) => verbs(engine).query(key, undefined)));
    expect(read.map((row) => row?.value)).toEqual(keys.map((key) => `de ${key}`));
    // A look at each head, an insert and a query: three requests a key, were each by itself.
    expect(asked() - before).toBeLessThan(WRITES);
    const puts = await Promise.all(keys.map((key) => verbs(engine).put(key, 'outro')));
    expect(puts.map(({ previous }) => previous?.value)).toEqual(keys.map((key) => `de ${key}`));
    const seen = await Promise.all(keys.map((key) => verbs(witness).query(key, undefined)));
    expect(seen.map((row) => [row?.version, row?.value])).toEqual(keys.map(() => [2, 'outro']));
  });

  it('are read anew where another server wrote meanwhile', { timeout: 60_000 }, async () => {
    const keys = keysOf('alheia ');
    await Promise.all(keys.map((key) => verbs(engine).insert(key, 'um')));
    // Every third is written elsewhere: what is remembered of it is old, until its change is heard of.
    const others = keys.filter((_, index) => index % 3 === 0);
    await Promise.all(others.map((key) => verbs(witness).insert(key, 'dois')));
    const read = await Promise.all(keys.map((key) => verbs(engine).query(key, undefined)));
    expect(read.map((row) => row?.value)).toEqual(keys.map((_, i) => (i % 3 === 0 ? 'dois' : 'um')));
    const made = await Promise.all(keys.map((key) => verbs(engine).insert(key, 'três')));
    expect(made.map(({ version }) => version)).toEqual(keys.map((_, i) => (i % 3 === 0 ? 3 : 2)));
  });

  it('are never told to be undone where their group was sent', { timeout: 60_000 }, async () => {
    const cut = await Promise.all(cluster.addresses.map((address) => LossyProxy.start(address)));
    const members = cut.map(({ address }) => address);
    const apart = startConsensus(members, { deadlineMs: 4_000, tuning: { attemptMs: 500 } });
    try {
      const keys = keysOf('duvidosa ').slice(0, 60);
      await Promise.all(keys.map((key) => verbs(apart).insert(key, 'antes')));
      const writes = keys.map((key) => codeOf(() => verbs(apart).insert(key, 'depois')));
      // The first go by themselves. What waited for them goes together now, and hears nothing any more.
      await Promise.race(writes);
      for (const proxy of cut) proxy.set('dropAnswers');
      const done = async (): Promise<readonly boolean[]> => {
        const rows = await Promise.all(keys.map((key) => verbs(witness).query(key, undefined)));
        return rows.map((row) => row?.version === 2);
      };
      await eventually('a group is done', async () => (await done()).filter(Boolean).length > 20);
      // What each of them would be asked by itself is not sent.
      await Promise.all(cut.map((proxy) => proxy.stop()));
      const codes = await Promise.all(writes);
      const isDone = await done();
      const told = keys.map((key, i) => ({ key, code: codes[i], isDone: isDone[i] }));
      expect(told.filter(({ code, isDone: is }) => code === (is ? 'SEM_MAIORIA' : undefined))).toEqual([]);
      expect(codes.filter((code) => code === 'RESULTADO_DESCONHECIDO').length).toBeGreaterThan(20);
    } finally {
      await apart.stop();
      await Promise.all(cut.map((proxy) => proxy.stop()));
    }
  });

  it('are done once if their answers get lost', { timeout: 90_000 }, async () => {
    const keys = keysOf('perdida ');
    await Promise.all(keys.map((key) => verbs(engine).insert(key, 'antes')));
    set('dropAnswers');
    const writing = Promise.all(keys.map((key) => verbs(engine).insert(key, 'depois')));
    // Looked at only after the network is well again.
    writing.catch(() => undefined);
    await eventually('some are applied', async () => {
      const rows = await Promise.all(keys.map((key) => verbs(witness).query(key, undefined)));
      return rows.some((row) => row?.version === 2);
    });
    set('pass');
    expect((await writing).map(({ version }) => version)).toEqual(keys.map(() => 2));
    const rows = await Promise.all(keys.map((key) => verbs(witness).query(key, undefined)));
    expect(rows.map((row) => [row?.version, row?.value])).toEqual(keys.map(() => [2, 'depois']));
  });

  it(
    'are told to who watches, each once, also to one who goes on in the middle',
    { timeout: 90_000 },
    async () => {
      const prefix = 'vista ';
      const reader = new WatchReader(witness, { prefix, from: 'now' });
      await reader.untilUpToDate();
      const keys = keysOf(prefix);
      await Promise.all(keys.map((key) => verbs(engine).insert(key, key)));
      const named = (events: readonly WatchEvent[]): string[] =>
        events.map((event) => (event.kind === 'insert' ? event.line.key : event.kind));
      const told = await reader.take(WRITES);
      expect([...named(told)].sort()).toEqual([...keys].sort());
      for (const at of [0, 37, 81, WRITES - 2]) {
        const token = told[at]?.token ?? '';
        const later = new WatchReader(engine, { prefix, from: { token } });
        expect(named(await later.take(WRITES - at - 1))).toEqual(named(told.slice(at + 1)));
        await later.leave();
      }
      await reader.leave();
    },
  );
});
