import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { KvsError } from '../../../src/core/errors.js';
import { startConsensus } from '../../support/consensus.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster, EtcdMember } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { verbs } from '../../support/verbs.js';

/** The promise: service goes on within this after one member is gone. */
const SERVICE_MS = 3_000;
const DEADLINE_MS = 4_000;
const HASTY_MS = 2_000;

describe.skipIf(!etcdAvailable())('members that fail', () => {
  let cluster: EtcdCluster;
  let engine: ConsensusEngine;
  let local: ConsensusEngine;
  let hasty: ConsensusEngine;
  const told: boolean[] = [];

  beforeAll(async () => {
    cluster = await startEtcd();
    const onAvailable = (available: boolean): unknown => told.push(available);
    engine = startConsensus(cluster.addresses, { deadlineMs: DEADLINE_MS, onAvailable });
    local = startConsensus(cluster.addresses, { deadlineMs: HASTY_MS, localReads: true });
    hasty = startConsensus(cluster.addresses, { deadlineMs: HASTY_MS });
  }, 90_000);

  // Every test leaves a member behind that is dead or frozen.
  afterEach(async () => {
    await cluster.heal();
    await eventually(
      'the engine sees them',
      () =>
        verbs(engine)
          .insert('curada', 'x')
          .then(() => engine.available),
      30_000,
    );
  }, 90_000);

  afterAll(async () => {
    await engine.stop();
    await local.stop();
    await hasty.stop();
    await cluster.stop();
  });

  /** Everything an engine does in common, one after the other; ms until all was done. */
  async function serve(key: string): Promise<number> {
    const began = performance.now();
    const { version } = await verbs(engine).insert(key, 'valor');
    expect(await verbs(engine).query(key, undefined)).toMatchObject({ version, value: 'valor' });
    expect((await verbs(engine).trim(key))?.version).toBe(version);
    return performance.now() - began;
  }

  const leader = (): Promise<EtcdMember> => cluster.leader();
  const follower = async (): Promise<EtcdMember> => (await cluster.followers())[0]!;

  it.each([
    ['kill -9 of the leader', leader, 'kill9'],
    ['kill -9 of a follower', follower, 'kill9'],
    ['SIGSTOP of the leader', leader, 'freeze'],
    ['SIGSTOP of a follower', follower, 'freeze'],
  ] as const)('%s: service goes on', { timeout: 90_000 }, async (name, choose, action) => {
    const before = (await verbs(engine).query(name, undefined))?.version ?? 0;
    expect(await serve(name)).toBeLessThan(SERVICE_MS);
    const member = await choose();
    await member[action]();
    // Several callers at once: whoever comes to the dead member must not wait for long either.
    const times = await Promise.all(Array.from({ length: 6 }, (_, n) => serve(`${name} ${n}`)));
    expect(Math.max(...times)).toBeLessThan(SERVICE_MS);
    // Once it is known who is gone, nobody waits for it any more.
    await eventually('quick again', async () => (await serve(name)) < 500, 20_000);
    expect((await verbs(engine).query(name, undefined))?.version).toBeGreaterThan(before);
  });

  it(
    'without a majority nothing is written, and all goes on when it is back',
    { timeout: 120_000 },
    async () => {
      const { version } = await verbs(engine).insert('firme', 'antes');
      const [first, second] = await cluster.followers();
      await first!.kill9();
      await second!.kill9();

      // Until the last member has noticed, a write may be on its way for ever.
      const codes: unknown[] = [];
      const refused = async (): Promise<boolean> => {
        const began = performance.now();
        const code = await verbs(hasty)
          .insert('firme', 'durante')
          .then(
            () => 'done',
            (error: unknown) => KvsError.from(error).code,
          );
        codes.push(code);
        expect(performance.now() - began).toBeLessThan(HASTY_MS + 2_000);
        return code === 'SEM_MAIORIA';
      };
      await eventually('writes are refused as not done', refused, 30_000);
      expect(codes.filter((code) => code !== 'SEM_MAIORIA' && code !== 'RESULTADO_DESCONHECIDO')).toEqual([]);
      await eventually('told', () => !engine.available && told.at(-1) === false);

      const refusals = await Promise.allSettled([
        verbs(hasty).insert('firme', 'durante'),
        verbs(hasty).put('firme', 'durante'),
        verbs(hasty).remove('firme', 1),
        verbs(hasty).removeAll('firme'),
        verbs(hasty).trim('firme'),
        verbs(hasty).query('firme', undefined),
        verbs(hasty).queryAt('firme', 1),
      ]);
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ status: 'rejected', reason: { code: 'SEM_MAIORIA' } });
      }
      expect(await verbs(local).query('firme', undefined)).toMatchObject({ version, value: 'antes' });
      expect(await verbs(local).query('firme', version)).toMatchObject({ version });
      for await (const row of verbs(local).range('firme', 'firme', undefined))
        expect(row?.row?.value).toBe('antes');
      await expect(verbs(local).insert('firme', 'durante')).rejects.toMatchObject({ code: 'SEM_MAIORIA' });
      expect(local.capabilities.linearizable).toBe(false);

      await first!.restart();
      const next = await eventually(
        'the majority is back',
        () => verbs(engine).insert('firme', 'depois'),
        30_000,
      );
      // What was refused as not done was not done; what was unknown may have been.
      const doubts = codes.filter((code) => code === 'RESULTADO_DESCONHECIDO').length;
      expect(next.version).toBeGreaterThan(version);
      expect(next.version).toBeLessThanOrEqual(version + 1 + doubts);
      await eventually('told', () => engine.available && told.at(-1) === true);
    },
  );

  it('an engine may start before the members', { timeout: 90_000 }, async () => {
    await Promise.all(cluster.members.map((member) => member.kill9()));
    const early = startConsensus(cluster.addresses, { deadlineMs: 1_000 });
    try {
      await expect(verbs(early).insert('cedo', 'x')).rejects.toMatchObject({ code: 'SEM_MAIORIA' });
      await cluster.heal();
      const made = await eventually('written', () => verbs(early).insert('cedo', 'x'), 30_000);
      expect(made.version).toBe(1);
    } finally {
      await early.stop();
    }
  });

  it(
    'replicas keep their data when all of them are killed and started again',
    { timeout: 90_000 },
    async () => {
      const { version, timestamp } = await verbs(engine).insert('guardada', 'no disco');
      await verbs(engine).removeAll('contador');
      await Promise.all(cluster.members.map((member) => member.kill9()));
      await cluster.heal();
      const row = await eventually('read again', () => verbs(engine).query('guardada', undefined), 30_000);
      expect(row).toEqual({ key: 'guardada', value: 'no disco', version, timestamp });
    },
  );
});
