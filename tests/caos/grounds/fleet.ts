import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOfTest } from '../../support/children.js';
import { startMosquitto } from '../../support/mosquitto.js';
import type { Mosquitto } from '../../support/mosquitto.js';
import { WrongClock } from '../../support/wrong-clock.js';
import { clockFaults, diskFaults, killAllFault, linkFaults, processFaults } from '../faults.js';
import type { CaosFault } from '../nemesis.js';
import { CaosRelay } from '../relay.js';
import { CaosServer } from '../server.js';
import { SmallDisks } from '../small-disks.js';
import { serverNames } from './ground.js';
import type { Ground, GroundOptions } from './ground.js';

/** What each of them takes from a broker. */
const TIGHT = [
  'max_queued_messages 5',
  'max_inflight_messages 1',
  'message_size_limit 20000',
  'max_packet_size 30000',
  'max_queued_bytes 20000',
];

/** A fleet with journals over a Mosquitto, each server by a cable of its own. */
export async function openFleetGround({
  history,
  servers: count,
  withoutDisk,
}: GroundOptions): Promise<Ground> {
  const names = serverNames(count);
  const folder = await folderOfTest('kvs-caos-');
  const disks = await SmallDisks.open(folder, names.slice(0, count - withoutDisk));
  const brokerFolder = await folderOfTest('kvs-caos-broker-');
  // Started by root, Mosquitto gives its rights up.
  spawnSync('chmod', ['777', brokerFolder]);
  const conf = `allow_anonymous true\npersistence true\npersistence_location ${brokerFolder}/\nautosave_interval 1\n`;
  const broker = await startMosquitto({ conf });
  const relays = new Map<string, readonly [CaosRelay]>();
  const clocks = new Map<string, WrongClock>();
  const servers = new Map<string, CaosServer>();
  const fleet = `caos-${String(process.pid)}`;
  await Promise.all(
    names.map(async (name) => {
      const relay = await CaosRelay.open(`127.0.0.1:${String(broker.port)}`);
      relays.set(name, [relay]);
      const clock = await WrongClock.open(0);
      clocks.set(name, clock);
      const disk = disks.folders.get(name);
      const data = disk === undefined ? [] : ['--dados', join(disk, 'dados')];
      const args = ['--broker', `mqtt://127.0.0.1:${String(relay.port)}`, '--nome', name, ...data];
      servers.set(name, await CaosServer.start(name, { fleet, args, env: clock.env }, history));
    }),
  );
  const ordered = names.map((name) => servers.get(name)!);
  return {
    servers: ordered,
    faults: [
      ...processFaults(servers),
      killAllFault(servers),
      ...linkFaults(relays),
      ...clockFaults(clocks),
      ...diskFaults(servers, disks.folders, disks.areOwn),
      ...brokerFaults(broker, conf, brokerFolder),
    ],
    healthNames: ['', 'kvs.frota', ...(withoutDisk === 0 ? ['kvs.disco'] : [])],
    remarks: [
      'rede: um relé TCP por servidor entre ele e o broker',
      disks.areOwn
        ? 'disco cheio: cada pasta num tmpfs pequeno, que se enche'
        : 'disco cheio: prlimit --fsize (sem direito de montar um tmpfs)',
      'relógios: Date.now do servidor, mudado enquanto roda (os temporizadores não mudam)',
    ],
    heal: async () => {
      await broker.restart(conf);
      for (const [relay] of relays.values()) relay.set('pass');
      await Promise.all(ordered.map((server) => server.heal()));
    },
    close: async () => {
      await Promise.all(ordered.map((server) => server.close()));
      await Promise.all([...relays.values()].map(([relay]) => relay.close()));
      await Promise.all([...clocks.values()].map((clock) => clock.remove()));
      await broker.stop();
      disks.close();
    },
  };
}

function brokerFaults(broker: Mosquitto, conf: string, folder: string): readonly CaosFault[] {
  const targets = ['broker'];
  return [
    {
      name: 'broker morto',
      targets,
      begin: async () => {
        await broker.kill();
        return () => broker.restart();
      },
    },
    {
      name: 'broker morto, sem os dados dele',
      targets,
      begin: async () => {
        await broker.kill();
        await rm(join(folder, 'mosquitto.db'), { force: true });
        return () => broker.restart();
      },
    },
    {
      name: 'broker congelado',
      targets,
      begin: () => {
        const { pid } = broker;
        process.kill(pid, 'SIGSTOP');
        return Promise.resolve(() => {
          process.kill(pid, 'SIGCONT');
        });
      },
    },
    {
      name: 'broker com limites apertados',
      targets,
      weight: 2,
      begin: async (_target, random) => {
        await broker.restart(`${conf}${random.pick(TIGHT)}\n`);
        return () => broker.restart(conf);
      },
    },
  ];
}
