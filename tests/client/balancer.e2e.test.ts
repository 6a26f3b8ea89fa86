import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Balancer } from '../../src/client/balancer.js';
import type { Settled } from '../../src/client/attempt.js';
import { discover } from '../../src/client/discover.js';
import type { DiscoverMethod } from '../../src/client/discover.js';
import { loadProto, loadedService } from '../../src/doors/grpc/protos.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { Mosquitto } from '../support/mosquitto.js';
import { freePort } from '../support/net.js';
import type { ServerProcess } from '../support/server-process.js';

const kvs = loadedService(loadProto('kvs.proto'), 'kvs.KVS');
const frota = loadedService(loadProto('frota.proto'), 'frota.Frota');

interface Tuple {
  readonly valor: string;
  readonly versao: number;
}

function query(balancer: Balancer, chave: string, timeoutMs = 10_000): Promise<Settled<Tuple>> {
  const method = kvs['Consulta'] as never;
  return balancer.call({ method, request: { chave }, writes: false, metadata: new Metadata(), timeoutMs });
}

function insert(
  balancer: Balancer,
  chave: string,
  timeoutMs = 10_000,
): Promise<Settled<{ readonly versao: number }>> {
  const method = kvs['Insere'] as never;
  const request = { chave, valor: 'valor' };
  return balancer.call({ method, request, writes: true, metadata: new Metadata(), timeoutMs });
}

describe.skipIf(!mosquittoAvailable())('a client of several servers', () => {
  let broker: Mosquitto;
  let fleet: TestFleet;
  let balancer: Balancer;

  const at = (server: ServerProcess) => ({ host: '127.0.0.1', port: server.port });
  const linkOf = (server: ServerProcess) =>
    balancer.links.find(({ address }) => address.port === server.port) as Balancer['links'][number];

  beforeAll(async () => {
    broker = await startMosquitto();
    fleet = await TestFleet.open({
      url: broker.url,
      args: ['--broker', broker.url],
      stop: () => broker.stop(),
    });
    await fleet.addReady(3);
    balancer = new Balancer(fleet.servers.map(at), () => 0);
    balancer.start();
    await insert(balancer, 'chave');
    await fleet.converged();
    await soon('all known to serve', () => balancer.links.every(({ condition }) => condition === 'serving'));
  }, 120_000);

  afterAll(async () => {
    balancer.close();
    await fleet.close();
  });

  it('goes round: every server gets its third', async () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const { link, ok } = await query(balancer, 'chave');
      expect(ok).toBe(true);
      counts.set(link.name, (counts.get(link.name) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual([100, 100, 100]);
  });

  it.each<[string, (server: ServerProcess) => Promise<void>, (server: ServerProcess) => Promise<void>]>([
    ['killed', (server) => server.kill9(), (server) => server.restart()],
    ['stopped in good order', (server) => server.stop(), (server) => server.restart()],
    [
      'frozen',
      (server) => {
        server.freeze();
        return Promise.resolve();
      },
      (server) => {
        server.thaw();
        return Promise.resolve();
      },
    ],
  ])(
    'loses no query while a server is %s, and uses it again when it is back',
    async (_how, end, begin) => {
      const [, victim] = fleet.servers as [ServerProcess, ServerProcess];
      const failed: Settled<Tuple>[] = [];
      let asked = 0;
      let isOver = false;
      const load = Promise.all(
        Array.from({ length: 8 }, async () => {
          while (!isOver) {
            const settled = await query(balancer, 'chave');
            asked++;
            if (!settled.ok || settled.reply.valor !== 'valor') failed.push(settled);
          }
        }),
      );
      await soon('the load runs', () => asked > 100);
      await end(victim);
      await soon('it is known to be away', () => linkOf(victim).condition === 'away');
      const before = asked;
      await soon('the load goes on', () => asked > before + 500);
      await begin(victim);
      await soon('it is known to be back', () => linkOf(victim).condition === 'serving');
      isOver = true;
      await load;
      expect(failed).toEqual([]);
      const used = new Set<string>();
      for (let i = 0; i < 3; i++) used.add((await query(balancer, 'chave')).link.name);
      expect(used.size).toBe(3);
    },
    120_000,
  );

  it('takes a write elsewhere if it was not sent, and only then', async () => {
    const [alive, frozen] = fleet.servers as [ServerProcess, ServerProcess];
    const dead = { host: '127.0.0.1', port: await freePort() };
    const first = new Balancer([dead, at(alive)], () => 0);
    const moved = await insert(first, 'movida');
    expect(moved).toMatchObject({ ok: true, reply: { versao: 1 }, link: { address: at(alive) } });
    expect(moved.passed.map(({ address }) => address)).toEqual([dead]);
    first.close();

    const second = new Balancer([at(frozen), at(alive)], () => 0);
    expect(await insert(second, 'antes')).toMatchObject({ ok: true, link: { address: at(frozen) } });
    frozen.freeze();
    expect(await insert(second, 'outra')).toMatchObject({ ok: true, link: { address: at(alive) } });
    const lost = await insert(second, 'duvidosa', 1_000);
    expect(lost).toMatchObject({ ok: false, fate: 'unknown', link: { address: at(frozen) }, passed: [] });
    frozen.thaw();
    second.close();
    // The frozen server may do it when it wakes; nobody did it a second time.
    await fleet.converged();
    expect((await alive.client.consulta('duvidosa')).versao).toBeLessThanOrEqual(1);
  });

  it('leaves a refusal alone: another server would say the same', async () => {
    const settled = await query(balancer, 'inexistente');
    expect(settled).toMatchObject({ ok: true, passed: [] });
  });

  it('learns from one server which others there are', async () => {
    const [one] = fleet.servers as [ServerProcess];
    const single = new Balancer([at(one)], () => 0);
    const method = frota['Servidores'] as unknown as DiscoverMethod;
    await soon('it knows its peers', async () => {
      const { servers } = await discover(single, method, new Metadata(), 5_000);
      return servers.length === 3;
    });
    const { servers } = await discover(single, method, new Metadata(), 5_000);
    expect(servers.map(({ port }) => port).sort()).toEqual(fleet.servers.map(({ port }) => port).sort());
    single.close();
  });
});
