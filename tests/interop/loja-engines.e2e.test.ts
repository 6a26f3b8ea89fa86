import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import { freePort } from '../support/net.js';
import { redisAvailable, startRedisCluster } from '../support/redis-cluster.js';
import { ServerProcess } from '../support/server-process.js';
import { described } from './described.js';
import { GrpcJsCaller } from './grpc-js.js';
import { everyLojaRpc } from './loja-rpcs.js';

/** Real servers of each engine; the last one is called. */
type Open = (closing: (() => Promise<unknown>)[]) => Promise<readonly ServerProcess[]>;

const FLEET = 'loja-motores';

const ENGINES: Readonly<Record<string, Open>> = {
  'frota --dados': async (closing) => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-loja-'));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    const args = ['--broker-local', `127.0.0.1:${await freePort()}`, '--dados', join(folder, 'dados')];
    return [await ServerProcess.start({ fleet: FLEET, args })];
  },
  lider: async () => {
    const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const system = ['--lider', addresses[0]!, '--servidores-lider', addresses.join(',')];
    return Promise.all(
      addresses.map((address) => {
        const place = ['--porta-mensagem', address.split(':')[1]!];
        return ServerProcess.start({ args: ['--motor', 'lider', ...place, ...system] });
      }),
    );
  },
  consenso: async (closing) => {
    const cluster = await startEtcd({ members: 1 });
    closing.push(() => cluster.stop());
    const replicas = cluster.addresses.flatMap((address) => ['--replicas', address]);
    return [await ServerProcess.start({ args: ['--motor', 'consenso', ...replicas] })];
  },
  particoes: async (closing) => {
    const cluster = await startRedisCluster();
    closing.push(() => cluster.stop());
    const nodes = cluster.addresses.flatMap((address) => ['--particoes', address]);
    return [await ServerProcess.start({ args: ['--motor', 'particoes', ...nodes] })];
  },
};

const isMissing = (name: string): boolean =>
  (name === 'consenso' && !etcdAvailable()) || (name === 'particoes' && !redisAvailable());

describe.each(Object.keys(ENGINES))('frota.v1.Loja on %s', (name) => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  }, 60_000);

  it.skipIf(isMissing(name))('answers every RPC', { timeout: 60_000 }, async () => {
    const servers = await ENGINES[name]!(closing);
    for (const server of servers) closing.push(() => server.stop());
    await Promise.all(servers.map((server) => server.ready()));
    const { port } = servers.at(-1)!;
    const { descriptors } = await described(port);
    const caller = new GrpcJsCaller({ descriptors, port });
    closing.push(() => Promise.resolve(caller.close()));
    await everyLojaRpc({
      ask: (order) => caller.call(order),
      key: (end) => `${name}/${end}`,
      compares: name !== 'frota --dados',
      ...(name === 'frota --dados' && { port, fleet: FLEET }),
    });
    expect(servers.every(({ running }) => running)).toBe(true);
  });
});
