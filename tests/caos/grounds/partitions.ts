import { startRedisCluster } from '../../support/redis-cluster.js';
import type { TestCluster, TestNode } from '../../support/redis-cluster.js';
import { WrongClock } from '../../support/wrong-clock.js';
import { clockFaults, killAllFault, networkFaults, networksRemark, processFaults } from '../faults.js';
import { CaosNetworks } from '../networks.js';
import type { CaosFault } from '../nemesis.js';
import { CaosServer, limitProcess } from '../server.js';
import { serverNames } from './ground.js';
import type { Ground, GroundOptions } from './ground.js';

/** Shorter than the clients' own, so that servers say what they know. */
const DEADLINE_MS = 1_500;
const NODES = 6;

/** Servers over six Redis nodes: three masters, each with a replica. */
export async function openPartitionsGround({ history, servers: count }: GroundOptions): Promise<Ground> {
  const networks = CaosNetworks.open(NODES);
  const cluster = await startRedisCluster(
    networks && { hosts: networks.hosts, command: (index) => networks.command(index) },
  );
  const names = serverNames(count);
  const clocks = new Map<string, WrongClock>();
  const servers = new Map<string, CaosServer>();
  const nodes = cluster.addresses.flatMap((address) => ['--particoes', address]);
  await Promise.all(
    names.map(async (name) => {
      const clock = await WrongClock.open(0);
      clocks.set(name, clock);
      const args = ['--motor', 'particoes', '--prazo-particoes', String(DEADLINE_MS), ...nodes];
      servers.set(name, await CaosServer.start(name, { args, env: clock.env }, history));
    }),
  );
  const ordered = names.map((name) => servers.get(name)!);
  return {
    servers: ordered,
    faults: [
      ...processFaults(servers),
      killAllFault(servers),
      ...clockFaults(clocks),
      ...nodeFaults(cluster, networks),
    ],
    healthNames: [''],
    remarks: [
      networksRemark(networks, 'nós'),
      'de um mestre e a sua réplica só um tem uma falha por vez, e só depois de estarem em dia',
    ],
    heal: async () => {
      await cluster.heal();
      await Promise.all(ordered.map((server) => server.heal()));
    },
    close: async () => {
      await Promise.all(ordered.map((server) => server.close()));
      await Promise.all([...clocks.values()].map((clock) => clock.remove()));
      await cluster.stop();
      networks?.close();
    },
  };
}

function nodeFaults(cluster: TestCluster, networks: CaosNetworks | undefined): readonly CaosFault[] {
  const nodes = new Map(cluster.nodes.map((node, index) => [`n${String(index + 1)}`, node]));
  const targets = [...nodes.keys()];
  const masters = cluster.nodes.length / 2;
  const pairOf = (target: string): number => (Number(target.slice(1)) - 1) % masters;
  const common = {
    targets,
    holds: (target: string): readonly string[] => [`par ${String(pairOf(target))}`],
    // What was confirmed is on both only once both are up to date again.
    mayBegin: async (target: string): Promise<boolean> => {
      const pair = cluster.nodes.filter((_, index) => index % masters === pairOf(target));
      const told = await Promise.all(pair.map((node) => node.ask('INFO', 'replication').catch(() => '')));
      return told.every((text) => {
        return text.includes('role:master')
          ? text.includes('state=online')
          : text.includes('master_link_status:up');
      });
    },
  };
  const fault = (
    name: string,
    weight: number,
    begin: (node: TestNode) => Promise<() => void>,
  ): CaosFault => ({ ...common, name, weight, begin: (target) => begin(nodes.get(target)!) });
  return [
    ...networkFaults(networks, targets).map((one) => ({ ...one, ...common })),
    fault('nó morto (kill -9)', 3, async (node) => {
      await node.kill9();
      return () => node.start();
    }),
    fault('nó congelado', 3, (node) => {
      node.freeze();
      return Promise.resolve(() => node.thaw());
    }),
    fault('nó com poucos descritores', 1, (node) => {
      return Promise.resolve(limitProcess(node.pid, 'nofile', 40));
    }),
  ];
}
