import mqtt from 'mqtt';
import { describe, it } from 'vitest';
import type { TestContext } from 'vitest';
import { soon, TestFleet } from '../../support/e2e-fleet.js';
import type { FleetBroker } from '../../support/e2e-fleet.js';
import { MirrorWatcher, mirrored } from '../../support/mirror-watcher.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import { freeAddresses } from '../../support/leader-nodes.js';
import { mosquittoAvailable, startMosquitto } from '../../support/mosquitto.js';
import { freePort } from '../../support/net.js';
import { redisAvailable, startRedisCluster } from '../../support/redis-cluster.js';
import { ServerProcess } from '../../support/server-process.js';

/**
 * Writes a growing number to each key, through one server. One that stood still for a second, as any does on a busy machine,
 * refuses what waited at its door, and says to repeat it.
 */
async function writeAll(server: ServerProcess, keys: number, round: number): Promise<void> {
  const pairs = Array.from({ length: keys }, (_, i) => [`casa/${i}`, String(1_000_000 + round)] as const);
  await soon('everything is written', async () => {
    await server.client.insereVarias(pairs);
    return true;
  });
}

async function openFleet({ onTestFinished }: TestContext, broker: FleetBroker): Promise<TestFleet> {
  const fleet = await TestFleet.open(broker);
  onTestFinished(() => {
    for (const server of fleet.servers) if (server.frozen) server.thaw();
    return fleet.close();
  }, 60_000);
  return fleet;
}

// Nearly all of the time they wait: for a server to be missed, and for another one to take over.
describe.concurrent('the mirror of real servers', () => {
  it('follows on the embedded broker, whose successor is filled', { timeout: 200_000 }, async (context) => {
    const { expect, onTestFinished } = context;
    const port = await freePort();
    const args = [
      '--broker-local',
      `127.0.0.1:${port}`,
      '--mqtt',
      '--mqtt-prefixo',
      'casa/',
      '--mqtt-topicos',
      '5000',
    ];
    const fleet = await openFleet(context, {
      url: `mqtt://127.0.0.1:${port}`,
      args,
      stop: () => Promise.resolve(),
    });
    const [holder] = (await fleet.addReady(1)) as [ServerProcess];
    const [other] = (await fleet.addReady(1)) as [ServerProcess];
    await writeAll(holder, 2_000, 0);
    await holder.client.insereVarias([
      ['outra', '1'],
      ['casab', '1'],
    ]);
    await fleet.converged();
    // Everything but what is not covered.
    const covered = {
      snapshot: async () => (await other.client.snapshot()).filter(({ chave }) => chave.startsWith('casa/')),
    } as unknown as ServerProcess['client'];
    await mirrored('all covered keys', port, fleet.name, covered);
    await other.client.remove('casa/7');
    await mirrored('after a removal', port, fleet.name, covered);
    await holder.kill9();
    await other.client.insere('casa/8', '5000000');
    await mirrored('on the successor', port, fleet.name, covered);
    // What covers more than fits says so.
    await writeAll(other, 5_100, 9);
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
    onTestFinished(() => client.endAsync(true));
    let about: { readonly topicos?: number } | undefined;
    client.on('message', (_topic, payload) => (about = JSON.parse(payload.toString()) as typeof about));
    await client.subscribeAsync(`kvs/${fleet.name}/espelho`);
    await soon('it says that it is full', () => about?.topicos === 5_000);
    expect(about).toMatchObject({
      prefixos: ['casa/'],
      maximo: 5_000,
      completo: false,
      origem: other.origin,
    });
  });

  it.skipIf(!mosquittoAvailable() || !etcdAvailable())(
    'on consensus shows what any server wrote, also while the one that publishes was away',
    { timeout: 120_000 },
    async (context) => {
      const cluster = await startEtcd();
      context.onTestFinished(() => cluster.stop());
      const args = [
        ...cluster.addresses.flatMap((address) => ['--replicas', address]),
        '--motor',
        'consenso',
      ];
      await followsOneServer(context, 'consenso', [args, args]);
    },
  );

  it.skipIf(!mosquittoAvailable() || !redisAvailable())(
    'on partitions shows what any server wrote, also while the one that publishes was away',
    { timeout: 200_000 },
    async (context) => {
      const cluster = await startRedisCluster();
      context.onTestFinished(() => cluster.stop());
      const args = [
        ...cluster.addresses.flatMap((address) => ['--particoes', address]),
        '--motor',
        'particoes',
      ];
      await followsOneServer(context, 'particoes', [args, args]);
    },
  );

  it.skipIf(!mosquittoAvailable())(
    'with a leader shows what any server wrote, also while the one that publishes was away',
    { timeout: 120_000 },
    async (context) => {
      const addresses = await freeAddresses(3);
      const args = addresses.map((address) => [
        ...['--motor', 'lider', '--lider', addresses[0] ?? '', '--servidores-lider', addresses.join(',')],
        ...['--porta-mensagem', address.split(':')[1] ?? ''],
      ]);
      // The second is a follower.
      await followsOneServer(context, 'lider', args);
    },
  );
});

/** Servers of one store; the second publishes. */
async function followsOneServer(
  { expect, onTestFinished }: TestContext,
  engine: string,
  args: readonly (readonly string[])[],
): Promise<void> {
  const broker = await startMosquitto();
  onTestFinished(() => broker.stop());
  const servers = await Promise.all(
    args.map((own, i) =>
      ServerProcess.start({ args: i === 1 ? [...own, '--mqtt-broker', broker.url] : own }),
    ),
  );
  onTestFinished(async () => {
    for (const server of servers) await server.kill9();
  });
  await Promise.all(servers.map((server) => server.ready()));
  const [first, second] = servers as [ServerProcess, ServerProcess];
  await writeAll(first, 300, 0);
  const watcher = await MirrorWatcher.open(broker.port, engine);
  onTestFinished(() => {
    watcher.close();
  });
  const same = (what: string): Promise<number> => mirrored(what, broker.port, engine, second.client);
  expect(await same('all keys')).toBe(300);
  await Promise.all([writeAll(first, 100, 1), writeAll(second, 200, 2)]);
  await first.client.remove('casa/299');
  watcher.write('casa/298', '5000000');
  await soon('written by MQTT', () => watcher.values.get('casa/298') === '5000000');
  expect(await same('after writes')).toBe(299);
  expect(watcher.older).toEqual([]);
  await second.kill9();
  if (engine === 'consenso') {
    await first.client.remove('casa/297');
    await writeAll(first, 10, 6_000_000);
  }
  await second.restart();
  await second.ready();
  await broker.restart();
  await same('after a restart of both');
}
