import type { Browser } from 'playwright-core';
import { readStaticFiles } from '../../src/files/static-files.js';
import { startDoors } from '../../src/doors/start.js';
import type { Doors } from '../../src/doors/start.js';
import { accessControl } from '../../src/security/access/control.js';
import { join } from 'node:path';
import { credential, TableStand } from '../security/access/support.js';
import { startBrowser } from '../support/browser.js';
import { RecordingLogger } from '../support/doors.js';
import { ensureBuilt, root } from '../support/e2e-build.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import type { EtcdCluster } from '../support/etcd.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { freePort } from '../support/net.js';
import { realTime } from '../support/real-time.js';
import { redisAvailable, startRedisCluster } from '../support/redis-cluster.js';
import type { TestCluster } from '../support/redis-cluster.js';
import { ServerProcess } from '../support/server-process.js';
import { verbs } from '../support/verbs.js';
import { FakePanel, shownPicture } from './fake-panel.js';
import { PanelPage } from './panel-page.js';
import type { Look } from './panel-page.js';

/** One browser, and a few servers that all tests of the panel share. */
export class PanelStand {
  private readonly closing: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly browser: Browser,
    /** Two servers of a fleet, with the laboratory on. */
    readonly fleet: readonly [ServerProcess, ServerProcess],
    /** A leader and a follower. */
    readonly leaders: readonly [ServerProcess, ServerProcess],
    readonly consensus: ServerProcess | undefined,
    readonly partitions: ServerProcess | undefined,
    /** A door of this process with credentials: `ana` reads `a/`, `bia` writes, `rui` administers, `no3` is a server. */
    readonly guarded: { readonly doors: Doors; readonly panel: FakePanel },
    /** One whose pictures a test makes. */
    readonly painted: { readonly doors: Doors; readonly panel: FakePanel; readonly engine: MemoryEngine },
  ) {}

  static async start(): Promise<PanelStand> {
    await ensureBuilt();
    const [browser, fleet, leaders, consensus, partitions, painted, guarded] = await Promise.all([
      startBrowser(),
      startFleet(),
      startLeaders(),
      startConsensus(),
      startPartitions(),
      door(),
      guardedDoor(),
    ]);
    const stand = new PanelStand(
      ...([browser, fleet, leaders, consensus?.server, partitions?.server, guarded, painted] as const),
    );
    stand.closing.push(
      () => browser.close(),
      () =>
        Promise.all(
          [...fleet, ...leaders, consensus?.server, partitions?.server]
            .filter((one) => one !== undefined)
            .map((one) => one.kill9()),
        ),
      () => Promise.all([painted.doors.stop(0), guarded.doors.stop(0)]),
      () => Promise.all([consensus?.cluster.stop(), partitions?.cluster.stop()]),
    );
    return stand;
  }

  async stop(): Promise<void> {
    for (const close of this.closing) await close();
  }

  page({ port }: { readonly port: number }, look?: Look): Promise<PanelPage> {
    return PanelPage.open(this.browser, `http://127.0.0.1:${port}`, look);
  }
}

async function startFleet(): Promise<[ServerProcess, ServerProcess]> {
  const broker = ['--broker-local', `127.0.0.1:${await freePort()}`, '--laboratorio'];
  const start = (name: string): Promise<ServerProcess> =>
    ServerProcess.start({ fleet: 'painel', args: [...broker, '--nome', name] });
  const servers = await Promise.all([start('norte'), start('sul')]);
  await Promise.all(servers.map((server) => server.ready()));
  return servers;
}

async function startLeaders(): Promise<[ServerProcess, ServerProcess]> {
  const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`] as const;
  const system = ['--lider', addresses[0], '--servidores-lider', addresses.join(',')];
  const start = (address: string): Promise<ServerProcess> => {
    const place = ['--porta-mensagem', address.split(':')[1] ?? ''];
    return ServerProcess.start({ args: ['--motor', 'lider', ...place, ...system] });
  };
  const servers = await Promise.all([start(addresses[0]), start(addresses[1])]);
  await Promise.all(servers.map((server) => server.ready()));
  return servers;
}

async function startConsensus(): Promise<{ server: ServerProcess; cluster: EtcdCluster } | undefined> {
  if (!etcdAvailable()) return undefined;
  const cluster = await startEtcd({ members: 1 });
  const replicas = cluster.addresses.flatMap((address) => ['--replicas', address]);
  const server = await ServerProcess.start({ args: ['--motor', 'consenso', ...replicas] });
  await server.ready();
  return { server, cluster };
}

async function startPartitions(): Promise<{ server: ServerProcess; cluster: TestCluster } | undefined> {
  if (!redisAvailable()) return undefined;
  const cluster = await startRedisCluster();
  const nodes = cluster.addresses.flatMap((address) => ['--particoes', address]);
  const server = await ServerProcess.start({ args: ['--motor', 'particoes', ...nodes] });
  await server.ready();
  return { server, cluster };
}

function fakePanel(): FakePanel {
  const panel = new FakePanel({
    ...{ name: 'sala 1', address: '10.0.0.1:9000', origin: 'origem1', engine: 'frota', fleet: 'pintada' },
    ...{ programVersion: '1.0.0', startedMs: Date.now() },
  });
  panel.show(shownPicture(3));
  return panel;
}

async function door(more: Partial<Parameters<typeof startDoors>[0]> = {}) {
  const engine = new MemoryEngine();
  const panel = fakePanel();
  const panelFiles = await readStaticFiles(join(root, 'dist/panel'));
  const doors = await startDoors({
    ...{ port: 0, engine, engineHealth: 'e', time: realTime, logger: new RecordingLogger() },
    ...{ panel, panelFiles, ...more },
  });
  return { doors, panel, engine };
}

async function guardedDoor() {
  const people = new TableStand(
    await credential('ana', 'leitura', ['a/']),
    await credential('bia', 'escrita', ['']),
    await credential('rui', 'administracao'),
    await credential('no3', 'servidor'),
  );
  const opened = await door({ access: accessControl(people.table) });
  verbs(opened.engine).insert('a/1', 'valor de ana');
  verbs(opened.engine).insert('b/1', 'valor de outrem');
  return opened;
}
