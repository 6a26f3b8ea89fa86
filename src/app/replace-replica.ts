import { Replacement } from '../engines/consensus/membership.js';
import type { ListedReplica } from '../engines/consensus/membership.js';
import { KvsError } from '../core/errors.js';
import { systemTime } from './system-time.js';

/**
 * What `replica.sh NAME --substitui` runs before it starts etcd: `replace-replica.js NAME LIST`, where the list has a
 * line for each replica, with its name and its two addresses. Prints the options for etcd on standard output.
 */
async function main([name = '', text = '']: readonly string[]): Promise<void> {
  const list = text.split('\n').flatMap((line): ListedReplica[] => {
    const [listed, client, peer] = line.split(' ');
    return listed && client && peer ? [{ name: listed, client, peer }] : [];
  });
  process.stdout.write(`${await new Replacement(name, list, systemTime).run()}\n`);
}

// The reader has gone, and needs no answer any more.
process.stdout.on('error', () => process.exit(1));
process.stderr.on('error', () => undefined);

main(process.argv.slice(2)).catch((thrown: unknown) => {
  const { code, message } = KvsError.from(thrown);
  process.stderr.write(`replica.sh: ${message}\n`);
  // The exit codes of the client: unavailable, usage, anything else.
  process.exitCode = code === 'SEM_MAIORIA' ? 5 : code === 'CONFIGURACAO' ? 2 : 1;
});
