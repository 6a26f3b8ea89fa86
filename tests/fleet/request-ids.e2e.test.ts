import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { Balancer } from '../../src/client/balancer.js';
import type { ServerAddress } from '../../src/client/link.js';
import { newRequestId } from '../../src/client/request-id.js';
import { limits } from '../../src/core/limits.js';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { DataFolder } from '../support/data-folder.js';
import { root } from '../support/e2e-build.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { Relay } from '../support/e2e-proxy.js';
import { KvStoreClient } from '../support/kvstore-client.js';
import { LossyProxy } from '../support/lossy-proxy.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { Mosquitto } from '../support/mosquitto.js';
import { addressOf, insert, kvsService, versionOf, versionsOf } from '../support/repeated-inserts.js';
import type { ServerProcess } from '../support/server-process.js';

const run = promisify(execFile);
/** One fleet on a Mosquitto of its own, with what a test puts between them and its clients. */
class Stand {
  private readonly folders: DataFolder[] = [];
  private readonly proxies: { stop(): Promise<void> }[] = [];

  private constructor(
    readonly broker: Mosquitto,
    readonly fleet: TestFleet,
  ) {}

  static async open({ onTestFinished }: TestContext): Promise<Stand> {
    const broker = await startMosquitto();
    const stand = new Stand(
      broker,
      await TestFleet.open({ url: broker.url, args: ['--broker', broker.url], stop: () => broker.stop() }),
    );
    onTestFinished(() => stand.close(), 60_000);
    return stand;
  }

  /** A proxy in front of a server, and its address. */
  async proxyOf({ port }: ServerProcess): Promise<[LossyProxy, ServerAddress]> {
    const proxy = await LossyProxy.start(`127.0.0.1:${port}`);
    this.proxies.push(proxy);
    return [proxy, { host: '127.0.0.1', port: Number(proxy.address.split(':')[1]) }];
  }

  /** What can be cut between a server and the broker. */
  async relay(): Promise<Relay> {
    const relay = await Relay.open(Number(new URL(this.broker.url).port));
    this.proxies.push({ stop: () => relay.close() });
    return relay;
  }

  /** A server with a folder of its own, which may still be joining. */
  async addWithFolder(brokerUrl = this.broker.url): Promise<ServerProcess> {
    const folder = await DataFolder.open();
    this.folders.push(folder);
    return this.fleet.add(['--broker', brokerUrl, ...folder.args]);
  }

  private async close(): Promise<void> {
    for (const proxy of this.proxies) await proxy.stop();
    await this.fleet.close();
    for (const folder of this.folders) await folder.remove();
  }
}

/** So old that a server can tell of every request that begins now. */
const grown = () => pause(limits.requestSkewMs + 100);

/**
 * Repeated requests at real servers that cannot see each other, freeze and die. Each test has its own; most of the time they
 * wait.
 */
describe.skipIf(!mosquittoAvailable())('an insert whose fate is unknown', { concurrent: true }, () => {
  it(
    'is answered by another server, which knows it from the first',
    { timeout: 300_000 },
    async (context) => {
      const stand = await Stand.open(context);
      const { fleet } = stand;
      const [a, b] = (await fleet.addReady(2)) as [ServerProcess, ServerProcess];
      await fleet.converged();
      await grown();
      const [proxy, viaProxy] = await stand.proxyOf(a);
      const id = newRequestId();
      const balancer = new Balancer([viaProxy, addressOf(b)], () => 0);
      // A connection whose answers are lost never comes about: it is made first.
      await balancer.links[0]?.connect(10_000);
      proxy.set('dropAnswers');
      const settled = await balancer.call<object, { readonly versao: number }>({
        ...{
          method: kvsService['Insere'] as never,
          request: { chave: 'chave', valor: 'valor' },
          writes: true,
        },
        ...{ requestId: id, metadata: new Metadata(), timeoutMs: 30_000 },
      });
      balancer.close();
      expect(versionOf(settled)).toBe(1);
      expect(settled.link.name).toBe(`127.0.0.1:${b.port}`);
      expect(proxy.losses).toBeGreaterThan(0);
      await fleet.converged();
      for (const server of fleet.servers) expect(await versionsOf(server, 'chave')).toEqual([1]);
      // Both know it now; and a client that uses it for something else is told so.
      expect(versionOf(await insert([addressOf(a)], 'chave', 'valor', id))).toBe(1);
      const other = await insert([addressOf(b)], 'chave', 'outro', id);
      expect(other.ok ? '' : other.error.details).toContain('já foi usado');
      for (const server of fleet.servers) expect(await versionsOf(server, 'chave')).toEqual([1]);
    },
  );

  it(
    'stands once, as answered, though two servers that were parted wrote it',
    { timeout: 300_000 },
    async (context) => {
      const stand = await Stand.open(context);
      const { fleet } = stand;
      const relay = await stand.relay();
      const a = await fleet.add(['--broker', relay.url]);
      await a.ready();
      const [b] = (await fleet.addReady(1)) as [ServerProcess];
      await fleet.converged();
      await grown();
      const [proxy, viaProxy] = await stand.proxyOf(a);
      const balancer = new Balancer([viaProxy, addressOf(b)], () => 0);
      await balancer.links[0]?.connect(10_000);
      relay.cut();
      await soon('it is alone', () => a.logged('sem broker'));
      // Versions that the others do not know: the two attempts get different ones.
      await a.client.insere('chave', 'sozinho');
      proxy.set('dropAnswers');
      const settled = await balancer.call<object, { readonly versao: number }>({
        ...{
          method: kvsService['Insere'] as never,
          request: { chave: 'chave', valor: 'valor' },
          writes: true,
        },
        ...{ requestId: newRequestId(), metadata: new Metadata(), timeoutMs: 30_000 },
      });
      balancer.close();
      expect(versionOf(settled)).toBe(1);
      expect(await versionsOf(a, 'chave')).toEqual([1, 2]);
      relay.heal();
      await soon('one of them is gone everywhere', async () => {
        const found = await Promise.all(fleet.servers.map((server) => versionsOf(server, 'chave')));
        return found.every((versions) => versions.join() === '1');
      });
      await fleet.converged();
      const rows = await Promise.all(fleet.servers.map(({ client }) => client.snapshot()));
      expect(rows[0]).toEqual(rows[1]);
    },
  );

  it(
    'stands once after the power went for all, each attempt on the disk of another',
    { timeout: 300_000 },
    async (context) => {
      const stand = await Stand.open(context);
      const { fleet } = stand;
      const relay = await stand.relay();
      for (let i = 0; i < 2; i++) {
        await stand.addWithFolder(relay.url);
      }
      const [a, b] = fleet.servers as [ServerProcess, ServerProcess];
      await Promise.all([a.ready(), b.ready()]);
      await fleet.converged();
      await grown();
      relay.cut();
      for (const server of [a, b]) await soon('it is alone', () => server.logged('sem broker'));
      const id = newRequestId();
      const attempt = ({ client }: ServerProcess, number: number): Promise<object> => {
        client.metadata.set('kvs-pedido', id);
        client.metadata.set('kvs-tentativa', String(number));
        return client.insere('chave', 'valor');
      };
      expect(await attempt(a, 1)).toMatchObject({ versao: 1 });
      await a.kill9();
      expect(await attempt(b, 2)).toMatchObject({ versao: 1 });
      const answered = b.origin;
      await b.kill9();
      relay.heal();
      await Promise.all([a.restart(), b.restart()]);
      await Promise.all([a.ready(), b.ready()]);
      // Both have the number 1, as siblings: only this service shows them all.
      const siblings = [a, b].map(({ port }) => new KvStoreClient(port));
      await soon('what was answered stands alone everywhere', async () => {
        for (const client of siblings) {
          const { versions } = await client.get('chave');
          expect(versions.map(({ writer }) => writer)).toEqual([answered]);
        }
        return true;
      });
      for (const client of siblings) client.close();
      await fleet.converged();
      for (const server of [a, b]) expect(await attempt(server, 2)).toMatchObject({ versao: 1 });
    },
  );

  it(
    'ends with a version for the command line too, with a server frozen',
    { timeout: 300_000 },
    async (context) => {
      const { fleet } = await Stand.open(context);
      const [a, b, c] = (await fleet.addReady(3)) as [ServerProcess, ServerProcess, ServerProcess];
      await fleet.converged();
      await grown();
      b.freeze();
      const ports = [a, b, c].map(({ port }) => port).join(',');
      // Each begins with a server of its own choice.
      for (let i = 0; i < 8; i++) {
        const words = [
          'cliente',
          '--port',
          ports,
          '-o',
          'insere',
          '-k',
          `chave${i}`,
          '-v',
          'valor',
          '--json',
        ];
        // Rejects unless it ends with 0.
        const { stdout } = await run(process.execPath, [join(root, 'bin/kvs'), ...words]);
        expect(JSON.parse(stdout)).toMatchObject({ versao: 1 });
      }
      b.thaw();
      await fleet.converged();
      await pause(3 * defaultFleetTuning.requestUndoMs);
      await fleet.converged();
      for (const server of fleet.servers) {
        for (let i = 0; i < 8; i++) expect(await versionsOf(server, `chave${i}`)).toEqual([1]);
      }
    },
  );

  it('stands once through kills of servers with --dados', { timeout: 300_000 }, async (context) => {
    const stand = await Stand.open(context);
    const { fleet } = stand;
    for (let i = 0; i < 3; i++) {
      const server = await stand.addWithFolder();
      await server.ready();
    }
    await grown();
    const total = 200;
    const versions = new Map<string, number>();
    let begun = 0;
    let repeated = 0;
    const client = async (): Promise<void> => {
      while (begun < total) {
        const turn = begun++;
        const key = `chave${turn}`;
        const servers = fleet.servers.map(addressOf);
        const order = [...servers.slice(turn % 3), ...servers.slice(0, turn % 3)];
        const settled = await insert(order, key, 'valor');
        versions.set(key, versionOf(settled));
        if (settled.passed.length > 0) repeated++;
      }
    };
    const clients = Promise.all(Array.from({ length: 4 }, client));
    for (const victim of fleet.servers) {
      const before = begun;
      await soon('writes go on', () => begun > Math.min(before + 15, total - 1));
      await victim.kill9();
      const after = begun;
      await soon('writes go on without it', () => begun > Math.min(after + 15, total - 1));
      await victim.restart();
      await victim.ready();
    }
    await clients;
    expect(repeated).toBeGreaterThan(0);
    await fleet.converged();
    await pause(3 * defaultFleetTuning.requestUndoMs);
    await fleet.converged();
    for (const server of fleet.servers) {
      for (const [key, version] of versions) {
        expect([key, await versionsOf(server, key)]).toEqual([key, [version]]);
      }
    }
    expect(versions.size).toBe(total);
  });

  it('is remembered by the log over a restart with --dados', { timeout: 300_000 }, async (context) => {
    const server = await (await Stand.open(context)).addWithFolder();
    await server.ready();
    const id = newRequestId();
    expect(versionOf(await insert([addressOf(server)], 'chave', 'valor', id))).toBe(1);
    await server.kill9();
    await server.restart();
    await server.ready();
    expect(versionOf(await insert([addressOf(server)], 'chave', 'valor', id))).toBe(1);
    expect(await versionsOf(server, 'chave')).toEqual([1]);
    const other = await insert([addressOf(server)], 'chave', 'outro', id);
    expect(other.ok ? '' : other.error.details).toContain('já foi usado');
  });
});
