import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askEtcd } from '../support/etcd-client.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import type { EtcdCluster } from '../support/etcd.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/net.js';
import { Prometheus, prometheusAvailable } from '../support/prometheus.js';
import { ServerProcess } from '../support/server-process.js';

const available = prometheusAvailable() && etcdAvailable();
const MiB = 1024 * 1024;

/** A consensus server over three replicas, and a leader with two followers. */
describe.skipIf(!available)('alerts about the other engines', { timeout: 90_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let etcd: EtcdCluster;
  let consensus: ServerProcess;
  let nodes: readonly ServerProcess[];
  let prometheus: Prometheus;
  const at = ({ port }: ServerProcess): string => `127.0.0.1:${port}`;

  const open = async (args: readonly string[]): Promise<ServerProcess> => {
    const server = await ServerProcess.start({ args });
    cleanups.push(async () => {
      if (server.running) await server.kill9();
    });
    return server;
  };

  beforeAll(async () => {
    const openConsensus = async (): Promise<void> => {
      etcd = await startEtcd({ quotaBytes: 16 * MiB });
      cleanups.push(() => etcd.stop());
      consensus = await open([
        '--motor',
        'consenso',
        ...etcd.addresses.flatMap((address) => ['--replicas', address]),
        '--prazo-consenso',
        '1000',
      ]);
    };
    const openNodes = async (): Promise<void> => {
      const ports = [await freePort(), await freePort(), await freePort()];
      const servers = ports.map((port) => `127.0.0.1:${port}`);
      const all = servers.flatMap((server) => ['--servidores-lider', server]);
      const system = ['--motor', 'lider', '--lider', servers[0] ?? '', ...all];
      nodes = await Promise.all(ports.map((port) => open([...system, '--porta-mensagem', String(port)])));
    };
    await Promise.all([openConsensus(), openNodes()]);
    await Promise.all([consensus, ...nodes].map((server) => server.ready()));
    prometheus = await Prometheus.start({
      'kvs-consenso': { targets: [at(consensus)] },
      'kvs-lider': { targets: nodes.map(at) },
    });
    cleanups.push(() => prometheus.stop());
    await prometheus.scrapes(4);
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 30_000);

  it.concurrent('replicas that are nearly full, full, changed by another program, and lost', async () => {
    const instance = at(consensus);
    const { client } = consensus;
    await client.insere('estragada', 'valor');
    const address = etcd.addresses[0] ?? '';
    const every = { key: Buffer.from([0]), range_end: Buffer.from([0]) };
    const { kvs } = await askEtcd(address, 'KV/Range', every);
    const records = kvs.filter(({ key }) => key.includes('vestragada!'));
    expect(records.length).toBeGreaterThan(0);
    for (const { key } of records) await askEtcd(address, 'KV/Put', { key, value: Buffer.from('lixo') });
    await expect(client.consulta('estragada')).rejects.toThrow(/INTERNAL/);
    await prometheus.fires('KvsErroInterno', { instance });

    const value = 'x'.repeat(60_000);
    let written = 0;
    let isFull = false;
    const write = async (): Promise<unknown> =>
      client.insere(`chave${written++}`, value).catch(() => (isFull = true));
    await until(write, () => isFull);
    await prometheus.fires('KvsPertoDoLimite', { instance, limit: 'espaco' });
    await prometheus.fires('KvsLimiteAtingido', { instance, limit: 'espaco' });

    await Promise.all(etcd.members.slice(1).map((member) => member.kill9()));
    await prometheus.fires('KvsSemMaioria', { instance });
    await prometheus.fires('KvsServidorNaoAtende', { instance });
    await prometheus.fires('KvsReplicaFora', { instance, replica: etcd.addresses[1] ?? '' });
    let isOver = false;
    const asking = until(
      () => client.consulta('chave0'),
      () => isOver,
    );
    await prometheus.fires('KvsErros', { instance });
    isOver = true;
    await asking;
  });

  it.concurrent('a follower killed, then the leader', async () => {
    const [leader, killed, other] = nodes as [ServerProcess, ServerProcess, ServerProcess];
    await eventually(
      'both follow',
      async () => (await prometheus.value('kvs_leader_followers_current')) === 2,
    );
    await killed.kill9();
    await prometheus.fires('KvsSeguidorFora', { instance: at(leader) });
    await leader.kill9();
    await prometheus.fires('KvsSemLider', { instance: at(other) });
  });
});

/** Calls again and again, whatever comes of it. */
async function until(call: () => Promise<unknown>, isOver: () => boolean): Promise<void> {
  while (!isOver()) await call().catch(() => undefined);
}
