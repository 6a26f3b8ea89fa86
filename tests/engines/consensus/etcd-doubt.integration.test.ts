import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { newToken, openConsensus, startConsensus } from '../../support/consensus.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { LossyProxy } from '../../support/lossy-proxy.js';
import type { ProxyMode } from '../../support/lossy-proxy.js';
import type { CommitWrite } from '../../../src/ports/engine.js';
import { verbs } from '../../support/verbs.js';

const DEADLINE_MS = 15_000;

/** A write was sent and its answer got lost: the engine must find out what became of it, and never do it twice. */
describe.skipIf(!etcdAvailable())('answers that get lost', () => {
  let cluster: EtcdCluster;
  let proxies: readonly LossyProxy[] = [];
  /** Behind the proxies. */
  let engine: ConsensusEngine;
  /** Sees the members as they are. */
  let witness: ConsensusEngine;
  /** The next write loses its answer. */
  let armed = false;

  const set = (mode: ProxyMode): void => proxies.forEach((proxy) => proxy.set(mode));

  beforeAll(async () => {
    cluster = await startEtcd();
    proxies = await Promise.all(cluster.addresses.map((address) => LossyProxy.start(address)));
    const members = proxies.map(({ address }) => address);
    engine = startConsensus(members, {
      deadlineMs: DEADLINE_MS,
      tuning: { attemptMs: 500 },
      // Drawn after everything was looked up and before the write is sent.
      newToken: () => {
        if (armed) set('dropAnswers');
        return newToken();
      },
    });
    witness = startConsensus(cluster.addresses);
  }, 90_000);

  afterEach(() => {
    armed = false;
    set('pass');
  });

  afterAll(async () => {
    await engine.stop();
    await witness.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await cluster.stop();
  });

  /** Makes all members known to be reachable again. */
  const recovered = (): Promise<unknown> =>
    eventually('the engine reaches the members again', () =>
      verbs(engine)
        .query('nada', undefined)
        .then(() => true),
    );

  /** Does `work` while answers get lost, until the witness sees its effect; then the network is well again. */
  async function unheard<T>(work: () => Promise<T>, done: () => Promise<boolean>): Promise<T> {
    await recovered();
    armed = true;
    const result = work();
    // Looked at only after the network is well again.
    result.catch(() => undefined);
    await eventually('the write is applied', done);
    armed = false;
    set('pass');
    return result;
  }

  const newest = (key: string, version: number) => async (): Promise<boolean> =>
    (await verbs(witness).query(key, undefined))?.version === version;
  const gone = (key: string) => async (): Promise<boolean> =>
    (await verbs(witness).query(key, undefined)) === undefined;

  it('an insert that was applied succeeds, once', { timeout: 60_000 }, async () => {
    await verbs(engine).insert('inserida', 'antes');
    const made = await unheard(() => verbs(engine).insert('inserida', 'depois'), newest('inserida', 2));
    expect(made.version).toBe(2);
    expect(await verbs(witness).query('inserida', undefined)).toEqual({
      key: 'inserida',
      value: 'depois',
      ...made,
    });
    expect((await verbs(engine).insert('inserida', 'mais')).version).toBe(3);
  });

  it('a put tells what it replaced', { timeout: 60_000 }, async () => {
    const { row: before } = await verbs(engine).put('trocada', 'antes');
    const put = await unheard(() => verbs(engine).put('trocada', 'depois'), newest('trocada', 2));
    expect(put.previous).toEqual(before);
    expect(put.row).toMatchObject({ version: 2, value: 'depois' });
  });

  it('a removal tells what it removed', { timeout: 60_000 }, async () => {
    await verbs(engine).insert('removida', 'um');
    const { row } = await verbs(engine).put('removida', 'dois');
    expect(await unheard(() => verbs(engine).removeAll('removida'), gone('removida'))).toEqual(row);
    await verbs(engine).insert('removida', 'três');
    await unheard(() => verbs(engine).remove('removida', 3), gone('removida'));
    expect((await verbs(engine).insert('removida', 'quatro')).version).toBe(4);
  });

  it('a comparison and a renewal that were applied succeed, once', { timeout: 60_000 }, async () => {
    const compare = (key: string, expected: number, value?: string) =>
      engine.write({ kind: 'compare', key, expected, value });
    await verbs(engine).insert('comparada', 'um');
    const made = await unheard(() => compare('comparada', 1, 'dois'), newest('comparada', 2));
    expect(made).toMatchObject({ value: 'dois', version: 2 });
    const renewed = await unheard(
      () => engine.write({ kind: 'renew', key: 'comparada' }),
      newest('comparada', 3),
    );
    expect(renewed).toMatchObject({ value: 'dois', version: 3 });
    expect(await unheard(() => compare('comparada', 3), gone('comparada'))).toEqual(renewed);
    expect((await verbs(engine).insert('comparada', 'mais')).version).toBe(4);
  });

  it('a comparison is never refused by what is only remembered of a key', async () => {
    const deaf = openConsensus(cluster.addresses);
    const key = 'lembrada';
    const compare = (expected: number) =>
      deaf.write({ kind: 'compare', key, expected, value: String(expected) });
    await verbs(deaf).insert(key, 'um');
    await verbs(witness).insert(key, 'dois');
    await expect(compare(1)).rejects.toMatchObject({ code: 'VERSAO_OUTRA', message: /é a 2/ });
    await verbs(witness).insert(key, 'três');
    expect(await compare(3)).toMatchObject({ version: 4 });
    await verbs(witness).remove(key);
    await expect(deaf.write({ kind: 'renew', key })).rejects.toMatchObject({ code: 'CHAVE_INEXISTENTE' });
    expect(await compare(0)).toMatchObject({ version: 5 });
    await verbs(witness).insert(key, 'de novo');
    expect(await deaf.write({ kind: 'renew', key })).toMatchObject({ value: 'de novo', version: 7 });
    await deaf.stop();
  });

  it('a trim tells what it kept', { timeout: 60_000 }, async () => {
    await verbs(engine).insert('aparada', 'um');
    const { row } = await verbs(engine).put('aparada', 'dois');
    const trimmed = async (): Promise<boolean> => (await verbs(witness).query('aparada', 1)) === undefined;
    expect(await unheard(() => verbs(engine).trim('aparada'), trimmed)).toEqual(row);
  });

  it(
    'a commit of several keys that was applied succeeds, once, and one on another guard does not',
    { timeout: 60_000 },
    async () => {
      await verbs(engine).insert('juntas a', 'antes');
      await verbs(engine).insert('juntas b', 'antes');
      const writes: CommitWrite[] = [
        { kind: 'insert', key: 'juntas a', value: 'depois' },
        { kind: 'removeAll', key: 'juntas b' },
        { kind: 'insert', key: 'juntas c', value: 'nova' },
      ];
      const guards = [{ key: 'juntas b', version: 1 }];
      expect(await unheard(() => verbs(engine).commit({ guards, writes }), newest('juntas a', 2))).toBe(true);
      expect(await verbs(witness).query('juntas b', undefined)).toBeUndefined();
      expect(await verbs(witness).query('juntas c', undefined)).toMatchObject({ version: 1, value: 'nova' });
      // Everything that it was planned on has changed: a repeated commit is another one.
      expect(await verbs(engine).commit({ guards, writes })).toBe(false);
      expect((await verbs(engine).insert('juntas a', 'mais')).version).toBe(3);
    },
  );

  it('an insert is found by its value after many other writes', { timeout: 60_000 }, async () => {
    const made = await unheard(
      () => verbs(engine).insert('movimentada', 'minha'),
      async () => {
        if (!(await newest('movimentada', 1)())) return false;
        for (let n = 0; n < 10; n++) await verbs(witness).insert('movimentada', 'de outro');
        return true;
      },
    );
    expect(made.version).toBe(1);
    expect((await verbs(witness).query('movimentada', undefined))?.version).toBe(11);
  });

  it('a removal followed by many other writes is reported as unknown', { timeout: 60_000 }, async () => {
    await verbs(engine).insert('perdida', 'um');
    const removal = unheard(
      () => verbs(engine).removeAll('perdida'),
      async () => {
        if (!(await gone('perdida')())) return false;
        for (let n = 0; n < 10; n++) await verbs(witness).insert('perdida', 'de outro');
        return true;
      },
    );
    await expect(removal).rejects.toMatchObject({ code: 'RESULTADO_DESCONHECIDO' });
  });

  it('a request that got lost is sent again, and done once', { timeout: 60_000 }, async () => {
    await recovered();
    await verbs(engine).insert('repetida', 'um');
    set('dropRequests');
    const insert = verbs(engine).insert('repetida', 'dois');
    await eventually('every member was tried in vain', () => proxies.every((proxy) => proxy.losses > 0));
    expect((await verbs(witness).query('repetida', undefined))?.version).toBe(1);
    set('pass');
    expect((await insert).version).toBe(2);
    expect((await verbs(witness).query('repetida', undefined))?.version).toBe(2);
  });

  it('a lost insert gives way to another writer and follows it', { timeout: 60_000 }, async () => {
    await recovered();
    await verbs(engine).insert('cedida', 'um');
    set('dropRequests');
    const insert = verbs(engine).insert('cedida', 'meu');
    await verbs(witness).insert('cedida', 'de outro');
    set('pass');
    expect((await insert).version).toBe(3);
    expect(await verbs(witness).query('cedida', 2)).toMatchObject({ version: 2, value: 'de outro' });
    expect(await verbs(witness).query('cedida', 3)).toMatchObject({ version: 3, value: 'meu' });
  });

  it('without any answer until the deadline the outcome is unknown', { timeout: 60_000 }, async () => {
    const members = proxies.map(({ address }) => address);
    const hasty = startConsensus(members, { deadlineMs: 1_500, tuning: { attemptMs: 400 } });
    try {
      await verbs(hasty).insert('incerta', 'um');
      set('dropAnswers');
      const began = performance.now();
      await expect(verbs(hasty).insert('incerta', 'dois')).rejects.toMatchObject({
        code: 'RESULTADO_DESCONHECIDO',
      });
      expect(performance.now() - began).toBeLessThan(4_000);
      // It was applied all the same: exactly once.
      expect(await verbs(witness).query('incerta', undefined)).toMatchObject({ version: 2, value: 'dois' });
      await expect(verbs(hasty).query('incerta', undefined)).rejects.toMatchObject({ code: 'SEM_MAIORIA' });
    } finally {
      await hasty.stop();
    }
  });
});
