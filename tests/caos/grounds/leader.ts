import { freeAddresses } from '../../support/leader-nodes.js';
import { WrongClock } from '../../support/wrong-clock.js';
import { clockFaults, linkFaults, processFaults } from '../faults.js';
import { CaosRelay } from '../relay.js';
import { CaosServer } from '../server.js';
import { serverNames } from './ground.js';
import type { Ground, GroundOptions } from './ground.js';

/** Shorter than the clients' own, so that servers say what they know. */
const DEADLINE_MS = 1_500;
const ASKED_MS_MAX = 2_000;

/** A leader and its followers, each reached by the others over a cable of its own. */
export async function openLeaderGround({ history, servers: count }: GroundOptions): Promise<Ground> {
  const names = serverNames(count);
  const places = await freeAddresses(count);
  const relays = await Promise.all(places.map((place) => CaosRelay.open(place)));
  const addresses = relays.map(({ port }) => `127.0.0.1:${String(port)}`);
  const clocks = new Map<string, WrongClock>();
  const servers = new Map<string, CaosServer>();
  await Promise.all(
    names.map(async (name, index) => {
      const clock = await WrongClock.open(0);
      clocks.set(name, clock);
      const own = ['--porta-mensagem', String(relays[index]!.port), '--escuta', places[index]!];
      const system = ['--lider', addresses[0]!, '--servidores-lider', addresses.join(',')];
      const args = ['--motor', 'lider', ...own, ...system, '--prazo-lider', String(DEADLINE_MS)];
      servers.set(name, await CaosServer.start(name, { args, env: clock.env }, history));
    }),
  );
  const ordered = names.map((name) => servers.get(name)!);
  // Everything is in memory: one that is killed must find all in those that are left.
  const othersServe = async (name: string): Promise<boolean> => {
    const others = ordered.filter((server) => server.name !== name);
    const states = await Promise.all(others.map(({ client }) => client.health('', ASKED_MS_MAX)));
    return states.every((state) => state === 'SERVING');
  };
  return {
    servers: ordered,
    faults: [
      ...processFaults(servers, othersServe),
      ...linkFaults(new Map(names.map((name, index) => [name, [relays[index]!]]))),
      ...clockFaults(clocks),
    ],
    healthNames: [''],
    remarks: [
      'rede: um relé TCP na frente de cada servidor, para os outros',
      'só morre um servidor por vez, com os outros atendendo: os dados estão na memória deles',
    ],
    heal: async () => {
      for (const relay of relays) relay.set('pass');
      await Promise.all(ordered.map((server) => server.heal()));
    },
    close: async () => {
      await Promise.all(ordered.map((server) => server.close()));
      await Promise.all(relays.map((relay) => relay.close()));
      await Promise.all([...clocks.values()].map((clock) => clock.remove()));
    },
  };
}
