import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { requestId } from '../../../src/client/request-id.js';
import { newToken, startConsensus } from '../../support/consensus.js';
import { collect } from '../../support/collect.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { LossyProxy } from '../../support/lossy-proxy.js';
import { verbs } from '../../support/verbs.js';

const AGE_MS = 3_000;

const newId = (agoMs = 0): string => requestId(Date.now() - agoMs, newToken());

/** A client that repeats an insert at another server over the same replicas. */
describe.skipIf(!etcdAvailable())('requests that are repeated, over etcd', () => {
  let cluster: EtcdCluster;
  let proxies: readonly LossyProxy[] = [];
  let engine: ConsensusEngine;
  /** Behind proxies, which lose answers once it has begun to write. */
  let unheard: ConsensusEngine;
  let armed = false;

  const set = (mode: 'pass' | 'dropAnswers'): void => proxies.forEach((proxy) => proxy.set(mode));

  beforeAll(async () => {
    cluster = await startEtcd();
    proxies = await Promise.all(cluster.addresses.map((address) => LossyProxy.start(address)));
    engine = startConsensus(cluster.addresses);
    unheard = startConsensus(
      proxies.map(({ address }) => address),
      {
        deadlineMs: 2_000,
        tuning: { attemptMs: 500 },
        newToken: () => {
          if (armed) set('dropAnswers');
          return newToken();
        },
      },
    );
    await verbs(engine).insert('primeira', 'chave');
    await verbs(unheard).insert('primeira', 'chave', { id: newId(), number: 1 });
  }, 90_000);

  afterEach(() => {
    armed = false;
    set('pass');
  });

  afterAll(async () => {
    await engine.stop();
    await unheard.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await cluster.stop();
  });

  it('are done once, and answered alike', async () => {
    const id = newId();
    const made = await verbs(engine).insert('chave', 'valor', { id, number: 1 });
    expect(await verbs(unheard).insert('chave', 'valor', { id, number: 2 })).toEqual(made);
    await verbs(engine).insert('chave', 'mais');
    expect(await verbs(engine).insert('chave', 'valor', { id, number: 5 })).toEqual(made);
    expect((await verbs(engine).query('chave', undefined))?.version).toBe(2);
    for (const [key, value] of [
      ['chave', 'outro'],
      ['outra', 'valor'],
    ] as const) {
      const again = verbs(engine).insert(key, value, { id, number: 2 });
      await expect(again).rejects.toMatchObject({ code: 'PEDIDO_REPETIDO' });
    }
    expect(await verbs(engine).query('outra', undefined)).toBeUndefined();
  });

  it('tell again what a put replaced', async () => {
    const { row } = await verbs(engine).put('trocada', 'antes');
    const id = newId();
    const put = await verbs(engine).put('trocada', 'depois', { id, number: 1 });
    expect(put.previous).toEqual(row);
    expect(await verbs(unheard).put('trocada', 'depois', { id, number: 2 })).toEqual(put);
  });

  it('are done once by many at the same moment', async () => {
    const id = newId();
    const made = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        verbs(i % 2 === 0 ? engine : unheard).insert('juntos', 'valor', { id, number: 1 + (i % 3) }),
      ),
    );
    for (const one of made) expect(one).toEqual(made[0]);
    expect((await verbs(engine).query('juntos', undefined))?.version).toBe(1);
  });

  it('find what a server did whose answer was lost', { timeout: 60_000 }, async () => {
    const id = newId();
    armed = true;
    const first = verbs(unheard).insert('perdida', 'valor', { id, number: 1 });
    await expect(first).rejects.toMatchObject({ code: 'RESULTADO_DESCONHECIDO' });
    const made = await verbs(engine).query('perdida', undefined);
    expect(made?.version).toBe(1);
    const { version, timestamp } = made!;
    expect(await verbs(engine).insert('perdida', 'valor', { id, number: 2 })).toEqual({ version, timestamp });
    expect((await verbs(engine).query('perdida', undefined))?.version).toBe(1);
  });

  it('are refused when they are too old to be known', { timeout: 60_000 }, async () => {
    const forgetful = startConsensus(cluster.addresses, {
      tuning: { requestAgeMs: AGE_MS, requestSkewMs: 500 },
    });
    const id = newId();
    const made = await verbs(forgetful).insert('velha', 'valor', { id, number: 1 });
    expect(await verbs(forgetful).insert('velha', 'valor', { id, number: 2 })).toEqual(made);
    await eventually(
      'the replicas forget it',
      async () => {
        const again = await verbs(forgetful)
          .insert('velha', 'valor', { id, number: 2 })
          .catch((error: unknown) => error);
        return (again as { code?: string }).code === 'RESULTADO_DESCONHECIDO';
      },
      30_000,
    );
    expect((await verbs(forgetful).query('velha', undefined))?.version).toBe(1);
    // A lease runs out: the next request has another.
    const next = newId();
    const second = await verbs(forgetful).insert('velha', 'mais', { id: next, number: 1 });
    expect(await verbs(forgetful).insert('velha', 'mais', { id: next, number: 2 })).toEqual(second);
    await forgetful.stop();
  });

  it('leave nothing among the keys', async () => {
    const rows = await collect(verbs(engine).snapshot(undefined));
    expect(
      rows.every(({ key }) => ['primeira', 'chave', 'trocada', 'juntos', 'perdida', 'velha'].includes(key)),
    ).toBe(true);
  });
});
