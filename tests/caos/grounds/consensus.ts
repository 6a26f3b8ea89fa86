import { startEtcd } from '../../support/etcd.js';
import type { EtcdCluster, EtcdMember } from '../../support/etcd.js';
import { WrongClock } from '../../support/wrong-clock.js';
import {
  clockFaults,
  killAllFault,
  linkFaults,
  networkFaults,
  networksRemark,
  processFaults,
} from '../faults.js';
import { CaosNetworks } from '../networks.js';
import type { CaosFault } from '../nemesis.js';
import { CaosRelay } from '../relay.js';
import { CaosServer, limitProcess } from '../server.js';
import { serverNames } from './ground.js';
import type { Ground, GroundOptions } from './ground.js';

/** Shorter than the clients' own, so that servers say what they know. */
const DEADLINE_MS = 1_500;
const MEMBERS = 3;

/** Servers over three members of etcd, each by a cable of its own to each member. */
export async function openConsensusGround({ history, servers: count }: GroundOptions): Promise<Ground> {
  const networks = CaosNetworks.open(MEMBERS);
  const cluster = await startEtcd(
    networks && { hosts: networks.hosts, command: (index) => networks.command(index) },
  );
  const names = serverNames(count);
  const cables = new Map<string, readonly CaosRelay[]>();
  const clocks = new Map<string, WrongClock>();
  const servers = new Map<string, CaosServer>();
  await Promise.all(
    names.map(async (name) => {
      const relays = await Promise.all(cluster.addresses.map((address) => CaosRelay.open(address)));
      cables.set(name, relays);
      const clock = await WrongClock.open(0);
      clocks.set(name, clock);
      const replicas = relays.flatMap(({ port }) => ['--replicas', `127.0.0.1:${String(port)}`]);
      const args = ['--motor', 'consenso', '--prazo-consenso', String(DEADLINE_MS), ...replicas];
      servers.set(name, await CaosServer.start(name, { args, env: clock.env }, history));
    }),
  );
  const ordered = names.map((name) => servers.get(name)!);
  const single = new Map(
    [...cables].flatMap(([name, relays]) =>
      relays.map((relay, index) => [`${name}-bd${String(index + 1)}`, [relay]] as const),
    ),
  );
  return {
    servers: ordered,
    faults: [
      ...processFaults(servers),
      killAllFault(servers),
      ...linkFaults(cables),
      ...linkFaults(single).map((fault) => ({ ...fault, name: `${fault.name}, só uma réplica` })),
      ...clockFaults(clocks),
      ...memberFaults(cluster),
      ...networkFaults(
        networks,
        cluster.members.map(({ name }) => name),
      ),
    ],
    healthNames: [''],
    remarks: [
      'rede: um relé TCP de cada servidor a cada réplica',
      networksRemark(networks, 'réplicas'),
      'relógios: Date.now do servidor; os das réplicas não mudam (etcd não usa a libc)',
    ],
    heal: async () => {
      await cluster.heal();
      for (const relay of [...cables.values()].flat()) relay.set('pass');
      await Promise.all(ordered.map((server) => server.heal()));
    },
    close: async () => {
      await Promise.all(ordered.map((server) => server.close()));
      await Promise.all([...cables.values()].flat().map((relay) => relay.close()));
      await Promise.all([...clocks.values()].map((clock) => clock.remove()));
      await cluster.stop();
      networks?.close();
    },
  };
}

function memberFaults(cluster: EtcdCluster): readonly CaosFault[] {
  const members = new Map(cluster.members.map((member) => [member.name, member]));
  const targets = [...members.keys()];
  const fault = (
    name: string,
    weight: number,
    begin: (member: EtcdMember) => Promise<() => Promise<void> | void>,
  ): CaosFault => ({ name, targets, weight, begin: (target) => begin(members.get(target)!) });
  return [
    fault('réplica morta (kill -9)', 3, async (member) => {
      await member.kill9();
      return () => member.start();
    }),
    fault('réplica congelada', 3, (member) => {
      member.freeze();
      return Promise.resolve(() => member.thaw());
    }),
    fault('réplica com poucos descritores', 1, (member) => {
      return Promise.resolve(limitProcess(member.pid, 'nofile', 40));
    }),
    {
      name: 'duas réplicas congeladas',
      targets,
      holds: () => targets,
      begin: (spared) => {
        const frozen = cluster.members.filter(({ name }) => name !== spared);
        for (const member of frozen) member.freeze();
        return Promise.resolve(() => {
          for (const member of frozen) member.thaw();
        });
      },
    },
    {
      name: 'todas as réplicas mortas',
      targets: ['réplicas'],
      holds: () => targets,
      begin: async () => {
        await Promise.all(cluster.members.map((member) => member.kill9()));
        return () => {
          for (const member of cluster.members) member.start();
        };
      },
    },
  ];
}
