import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './machine.js';
import { freePort, startBackground } from './processes.js';
import type { Background } from './processes.js';
import { scratchFolder } from './scratch.js';

const MEMBERS = ['bd1', 'bd2', 'bd3'];

interface Cluster {
  /** Client doors. */
  readonly ports: readonly number[];
  readonly processes: Background[];
}

/**
 * Members as `replica.sh` starts them, on free ports, with their data in the folder of this run.
 * @param core the only one that they run on
 * @param members how many there are, at most three
 * @param syncs whether they wait for their disks
 */
export async function startCluster(core?: number, members = MEMBERS.length, syncs = true): Promise<Cluster> {
  const names = MEMBERS.slice(0, members);
  const folder = mkdtempSync(join(scratchFolder(), 'etcd-'));
  const ports: number[] = [];
  while (ports.length < 2 * names.length) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  const file = join(folder, 'replicas.conf');
  const lines = names.map((name, i) => `${name} 127.0.0.1:${ports[2 * i]} 127.0.0.1:${ports[2 * i + 1]}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  const processes: Background[] = [];
  for (const name of names) {
    const args = [join(root, 'replica.sh'), name, '--arquivo', file, '--dados', join(folder, 'dados')];
    const settings = syncs ? [] : ['ETCD_UNSAFE_NO_FSYNC=true'];
    processes.push(await startBackground({ program: 'env', args: [...settings, ...args], core }, undefined));
  }
  return { ports: names.map((_, i) => ports[2 * i] as number), processes };
}
