import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { startConsensus } from '../../support/consensus.js';
import { earlierProgram, earlierProgramsAvailable } from '../../support/earlier-programs.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { askEtcd } from '../../support/etcd-client.js';
import { eventually } from '../../support/eventually.js';
import { ServerProcess } from '../../support/server-process.js';
import { verbs } from '../../support/verbs.js';

const PATIENCE_MS = 240_000;
const TTL_MS = 3_600_000;

const available = await earlierProgramsAvailable();

/** Servers of before on a store in which values begin to expire. */
describe.skipIf(!etcdAvailable() || !available)('values that expire, beside programs of before', () => {
  let cluster: EtcdCluster;
  let engine: ConsensusEngine | undefined;
  let servers: ServerProcess[] = [];

  beforeEach(async () => {
    cluster = await startEtcd({ members: 1 });
  }, 90_000);

  afterEach(async () => {
    await engine?.stop();
    for (const server of servers) await server.kill9();
    engine = undefined;
    servers = [];
    await cluster.stop();
  }, 60_000);

  async function serve(which: 'previous' | 'oldFormats'): Promise<ServerProcess> {
    const replicas = cluster.addresses.flatMap((address) => ['--replicas', address]);
    const args = ['--motor', 'consenso', ...replicas];
    const server = await ServerProcess.start({ args, program: await earlierProgram(which) });
    servers.push(server);
    return server;
  }
  const format = async (): Promise<string | undefined> => {
    const { kvs } = await askEtcd(cluster.addresses[0]!, 'KV/Range', { key: Buffer.from('kvs/formato') });
    return kvs[0]?.value.toString();
  };

  it(
    'are left alone by one that runs, and it cannot be started again',
    { timeout: PATIENCE_MS },
    async () => {
      const old = await serve('previous');
      for (const key of ['comum', 'sessão']) {
        expect(await old.client.insere(key, 'de antes')).toMatchObject({ versao: 1 });
      }
      engine = startConsensus(cluster.addresses);
      expect(await format()).toBe('{"formato":2,"prefixo":"kvs/"}');
      await engine.write({ kind: 'insert', key: 'sessão', value: 'expira', ttlMs: TTL_MS });
      expect(await format()).toBe('{"formato":3,"prefixo":"kvs/"}');

      // What it remembers of the key does not help it: it finds nothing there, and writes nothing over it.
      expect(await old.client.consulta('sessão')).toMatchObject({ versao: 0 });
      await expect(old.client.insere('sessão', 'por cima')).rejects.toThrow(/outro programa/);
      await expect(old.client.remove('sessão')).rejects.toThrow(/outro programa/);
      expect(await old.client.snapshot()).toMatchObject([{ chave: 'comum' }]);
      // All other keys are for both, as before.
      expect(await old.client.insere('comum', 'dos dois')).toMatchObject({ versao: 2 });
      expect(await verbs(engine).query('comum')).toMatchObject({ value: 'dos dois' });
      expect(await verbs(engine).query('sessão')).toMatchObject({ value: 'expira', version: 2 });
      // Once nothing of it expires the key is for both again.
      await verbs(engine).removeAll('sessão');
      expect(await old.client.insere('sessão', 'de novo')).toMatchObject({ versao: 3 });

      const again = await serve('previous');
      await expect(again.client.consulta('comum')).rejects.toThrow(/formato que este programa não conhece/);
      await expect(again.client.insere('comum', 'mais')).rejects.toThrow(
        /formato que este programa não conhece/,
      );
      expect(await verbs(engine).query('comum')).toMatchObject({ version: 2 });
    },
  );

  it('are left alone by one that knows no format either', { timeout: PATIENCE_MS }, async () => {
    const old = await serve('oldFormats');
    for (const key of ['comum', 'sessão']) {
      expect(await old.client.insere(key, 'de antes')).toMatchObject({ versao: 1 });
    }
    engine = startConsensus(cluster.addresses);
    await engine.write({ kind: 'insert', key: 'sessão', value: 'expira', ttlMs: TTL_MS });
    expect(await format()).toBe('{"formato":3,"prefixo":""}');
    await expect(old.client.insere('sessão', 'por cima')).rejects.toThrow(/INTERNAL: erro interno/);
    await expect(old.client.remove('sessão')).rejects.toThrow(/INTERNAL: erro interno/);
    expect(await old.client.insere('comum', 'dos dois')).toMatchObject({ versao: 2 });
    const there = verbs(engine);
    expect(await there.query('sessão')).toMatchObject({ value: 'expira', version: 2 });
    await eventually('both see it', async () => (await there.query('comum'))?.version === 2);
  });
});
