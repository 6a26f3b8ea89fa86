import { createClient } from '@redis/client';
import { accessControl } from '../../../src/security/access/control.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { PortalApplication } from '../../../src/portal/portal.js';
import { tokenText } from '../../../src/ports/access.js';
import type { AccessControl } from '../../../src/ports/access.js';
import type { Engine } from '../../../src/ports/engine.js';
import type { Laboratory } from '../../../src/ports/laboratory.js';
import type { Store } from '../../../src/core/store.js';
import { startConsensus } from '../../support/consensus.js';
import { openDurablePair } from '../../support/durable-pair.js';
import { startEtcd } from '../../support/etcd.js';
import { askEtcd } from '../../support/etcd-client.js';
import { openLoopbackPair } from '../../support/fleet-pair.js';
import { openLeaderSystem } from '../../support/leader-nodes.js';
import { startPartitions } from '../../support/partitions.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { startRedisCluster } from '../../support/redis-cluster.js';
import { tableOfEverybody } from './people.js';
import type { Who } from './people.js';
import { fileOf, secretOf } from './support.js';
import type { TableStand } from './support.js';

/** Two servers of one engine on the same data, with every door that they have, and the credentials of `people.ts`. */
export interface GuardedStand {
  readonly access: TableStand;
  readonly engines: readonly Engine[];
  /** Of the gRPC doors of each server. */
  readonly ports: readonly number[];
  /** Of the `Mensagem` doors, where there are any. */
  readonly addresses: readonly string[];
  /** Makes the credentials what they are, with some people's revoked. */
  revoke(...who: readonly Who[]): void;
  /** Waits until the servers have the same. */
  settle(): Promise<void>;
  /** Runs something while the servers do not hear each other, where such servers go on. */
  readonly apart?: (run: () => Promise<unknown>) => Promise<void>;
  /** Stands for all that is kept, also for what no door shows: another one after any write whatever. */
  state(): Promise<string>;
  close(): Promise<void>;
}

/** What an engine brings. */
interface Servers extends Pick<GuardedStand, 'engines' | 'settle' | 'apart' | 'state' | 'close'> {
  readonly addresses?: readonly string[];
}

async function guarded(open: (access: AccessControl) => Promise<Servers>): Promise<GuardedStand> {
  const { access, everybody } = await tableOfEverybody();
  const control = accessControl(access.table);
  const servers = await open(control);
  const doors: Doors[] = [];
  let interventions = 0;
  const intervene = <T>(answer: T) => {
    return (): T => {
      interventions++;
      return answer;
    };
  };
  const laboratory: Laboratory = {
    isolate: intervene({ isIsolated: true, endsMs: 0 }),
    reconnect: intervene({ isIsolated: false, endsMs: 0 }),
    lose: intervene({ inPerMille: 0, outPerMille: 0, clockMs: 0 }),
    shiftClock: intervene({ inPerMille: 0, outPerMille: 0, clockMs: 0 }),
    trace: intervene([]),
  };
  const { logger } = access;
  for (const [index, engine] of servers.engines.entries()) {
    const origin = `portal${String(index)}`;
    const portal = new PortalApplication({ engine, origin, time: realTime, random: realRandom });
    const hasPortal = engine.capabilities.commits !== 'none';
    const opened = await startDoors({
      ...{ port: 0, engine, engineHealth: 'kvs.teste', access: control, time: realTime, logger },
      ...(hasPortal && { portal: { portal, services: ['admin', 'matricula'] } }),
      laboratory,
    });
    opened.setServing(true);
    doors.push(opened);
  }
  return {
    ...{ access, ...servers, ports: doors.map(({ port }) => port), addresses: servers.addresses ?? [] },
    state: async () => `${await servers.state()} ${String(interventions)}`,
    revoke: (...who) => {
      access.table.replace(fileOf(...everybody.filter(({ name }) => !who.some((one) => one === name))));
    },
    close: async () => {
      await Promise.all(doors.map((one) => one.stop(0)));
      await servers.close();
    },
  };
}

const stateOf = (...stores: readonly Store[]): Promise<string> =>
  Promise.resolve(stores.map((store) => `${store.vector.digest()} ${store.hash()}`).join(' '));

/** Engines by the names of `--motor`. */
export const STANDS = {
  frota: () =>
    guarded(async () => {
      const pair = await openLoopbackPair();
      const { engine, second, network } = pair;
      const apart = async (run: () => Promise<unknown>): Promise<void> => {
        network.split = true;
        await run();
        network.split = false;
      };
      return {
        ...{ engines: [engine, second], apart, state: () => stateOf(engine.store, second.store) },
        settle: () => pair.settle(),
        close: () => pair.close(),
      };
    }),

  'frota --dados': () =>
    guarded(async () => {
      const pair = await openDurablePair();
      const { engine, second } = pair;
      return {
        ...{ engines: [engine, second], apart: pair.apart },
        state: () => stateOf(engine.fleet.store, second.fleet.store),
        settle: () => pair.settle(),
        close: () => pair.close(),
      };
    }),

  lider: () =>
    guarded(async (access) => {
      const system = await openLeaderSystem({ access, token: () => tokenText('srv', secretOf('srv')) });
      const { nodes, addresses } = system;
      return {
        // The leader, and a follower, which forwards what it is told to write.
        ...{ engines: nodes.slice(0, 2).map(({ engine }) => engine), addresses },
        state: () => stateOf(...nodes.map(({ store }) => store)),
        settle: () => system.settle(),
        close: () => system.close(),
      };
    }),

  /** The second server reads from the replica itself, so that a session sees the store through something of its own. */
  consenso: () =>
    guarded(async () => {
      const cluster = await startEtcd({ members: 1 });
      const { addresses } = cluster;
      const engines = [startConsensus(addresses), startConsensus(addresses, { localReads: true })];
      return {
        engines,
        settle: () => Promise.resolve(),
        state: () => revisionOf(addresses[0]!),
        close: async () => {
          await Promise.all(engines.map((engine) => engine.stop()));
          await cluster.stop();
        },
      };
    }),

  particoes: () =>
    guarded(async () => {
      const cluster = await startRedisCluster();
      const { addresses } = cluster;
      const engines = [await startPartitions(addresses), await startPartitions(addresses)];
      const masters = await Promise.all(addresses.slice(0, addresses.length / 2).map(nodeClient));
      return {
        engines,
        settle: () => Promise.resolve(),
        state: () => changesOf(masters),
        close: async () => {
          for (const master of masters) master.destroy();
          await Promise.all(engines.map((engine) => engine.stop()));
          await cluster.stop();
        },
      };
    }),
} as const satisfies Record<string, () => Promise<GuardedStand>>;
export type EngineName = keyof typeof STANDS;

/** The revision of etcd, which every write raises. */
async function revisionOf(address: string): Promise<string> {
  const { header } = await askEtcd(address, 'KV/Range', { key: Buffer.from('a') });
  return header.revision;
}

type NodeClient = Awaited<ReturnType<typeof nodeClient>>;

function nodeClient(address: string) {
  const client = createClient({ url: `redis://${address}` });
  client.on('error', () => undefined);
  return client.connect();
}

/** How many changes the masters have told in the logs of partitions: every one is, but for what a copy needs. */
async function changesOf(masters: readonly NodeClient[]): Promise<string> {
  const texts = await Promise.all(masters.map((master) => master.info('commandstats')));
  return texts.map((text) => /^cmdstat_xadd:calls=([0-9]+)/m.exec(text)?.[1] ?? '0').join(' ');
}
