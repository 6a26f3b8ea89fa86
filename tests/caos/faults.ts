import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WrongClock } from '../support/wrong-clock.js';
import type { CaosNetworks } from './networks.js';
import type { CaosFault } from './nemesis.js';
import type { CaosRelay, RelayMode } from './relay.js';
import type { CaosServer } from './server.js';

/** Faults that servers of every engine can have. Targets are names: `s1`, `s2`, …. */

type Named<T> = ReadonlyMap<string, T>;

function given<T>(things: Named<T>, name: string): T {
  const thing = things.get(name);
  if (thing === undefined) throw new Error(`no ${name}`);
  return thing;
}

/** A lead beyond this is none that servers need to bear: they refuse their own writes. */
const CLOCK_FAR_MS = 90_000;
/** Clocks that agree to 2 s are what request ids rest on. */
const CLOCK_NEAR_MS = 1_900;

/** Killed and started again, frozen, short of descriptors. */
export function processFaults(
  servers: Named<CaosServer>,
  mayDie?: (name: string) => Promise<boolean>,
): readonly CaosFault[] {
  const targets = [...servers.keys()];
  return [
    {
      name: 'servidor morto (kill -9)',
      targets,
      weight: 3,
      ...(mayDie && { mayBegin: mayDie }),
      begin: async (name) => {
        const server = given(servers, name);
        await server.kill9();
        return () => server.heal();
      },
    },
    {
      name: 'servidor congelado',
      targets,
      weight: 2,
      begin: (name) => {
        const server = given(servers, name);
        server.freeze();
        return Promise.resolve(() => server.thaw());
      },
    },
    {
      name: 'poucos descritores',
      targets,
      begin: async (name, random) => {
        const server = given(servers, name);
        return server.limit('nofile', (await server.descriptors()) + random.int(0, 3));
      },
    },
  ];
}

/** All at once: nobody is left to hand anything over. */
export function killAllFault(servers: Named<CaosServer>): CaosFault {
  return {
    name: 'todos os servidores mortos',
    targets: ['todos'],
    holds: () => [...servers.keys()],
    begin: async () => {
      const all = [...servers.values()];
      await Promise.all(all.map((server) => server.kill9()));
      return async () => {
        await Promise.all(all.map((server) => server.heal()));
      };
    },
  };
}

/** Cables between a server and what it talks to. */
export function linkFaults(links: Named<readonly CaosRelay[]>): readonly CaosFault[] {
  const targets = [...links.keys()];
  const holds = (name: string): readonly string[] => [`cabo ${name}`];
  const mode = (name: string, set: RelayMode): CaosFault => ({
    name,
    targets,
    holds,
    begin: (target) => {
      const relays = given(links, target);
      for (const relay of relays) relay.set(set);
      return Promise.resolve(() => {
        for (const relay of relays) relay.set('pass');
      });
    },
  });
  return [
    mode('rede cortada (conexões desfeitas)', 'cut'),
    mode('rede muda nos dois sentidos', 'hold'),
    mode('rede muda só na ida', 'holdUp'),
    mode('rede muda só na volta', 'holdDown'),
    {
      name: 'rede lenta',
      targets,
      holds,
      begin: (target, random) => {
        const relays = given(links, target);
        const ms = random.int(30, 1_500);
        for (const relay of relays) relay.delay(ms);
        return Promise.resolve(() => {
          for (const relay of relays) relay.delay(0);
        });
      },
    },
  ];
}

/** Wall clocks that are set, near enough for everything that is promised and far from it. */
export function clockFaults(clocks: Named<WrongClock>): readonly CaosFault[] {
  const targets = [...clocks.keys()];
  const fault = (name: string, mostMs: number): CaosFault => ({
    name,
    targets,
    holds: (target) => [`relógio ${target}`],
    begin: async (target, random) => {
      const clock = given(clocks, target);
      await clock.set(random.int(-mostMs, mostMs));
      return () => clock.set(0);
    },
  });
  return [fault('relógio até 1,9 s errado', CLOCK_NEAR_MS), fault(CLOCK_FAR, CLOCK_FAR_MS)];
}

/** Name of the fault that takes from request ids what they rest on. */
export const CLOCK_FAR = 'relógio até 90 s errado';

/** The file that takes what is left of a small file system. */
const BALLAST = 'lastro';

/** Full disks: folders on small file systems of their own; without those no file may grow any more. */
export function diskFaults(
  servers: Named<CaosServer>,
  folders: Named<string>,
  haveOwnSystem: boolean,
): readonly CaosFault[] {
  return [
    {
      name: 'disco cheio',
      targets: [...folders.keys()],
      weight: 2,
      // Of a file system, which stays full over a death of its server; the other way is a limit of the process.
      holds: (name) => [haveOwnSystem ? `disco ${name}` : name],
      begin: async (name) => {
        const server = given(servers, name);
        if (!haveOwnSystem) return server.limit('fsize', 4096);
        const ballast = join(given(folders, name), BALLAST);
        await fill(ballast, given(folders, name));
        return () => rm(ballast, { force: true });
      },
    },
  ];
}

async function fill(file: string, folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const bytes = bavail * bsize;
  // What the server takes meanwhile does not fit any more: as full as it gets.
  await writeFile(file, Buffer.alloc(bytes)).catch(() => undefined);
}

/** Cables of members that run in networks of their own: each has the name at its place. */
export function networkFaults(
  networks: CaosNetworks | undefined,
  targets: readonly string[],
): readonly CaosFault[] {
  if (networks === undefined) return [];
  const fault = (name: string, begin: (index: number) => () => void): CaosFault => ({
    name,
    targets,
    weight: 2,
    begin: (target) => Promise.resolve(begin(targets.indexOf(target))),
  });
  return [
    fault('cabo puxado', (index) => networks.pull(index)),
    fault('cabo mudo na ida', (index) => networks.mute(index)),
  ];
}

/** How the network between members is cut here. */
export function networksRemark(networks: CaosNetworks | undefined, members: string): string {
  return networks === undefined
    ? `rede entre ${members}: não é cortada (ip netns não é possível aqui); são mortos e congelados`
    : `rede entre ${members}: cada um num espaço de rede próprio (ip netns), com um cabo que se puxa`;
}
