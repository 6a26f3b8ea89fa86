import child from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Name of the lane that a test file runs in. */
    lane: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What starts a member of etcd, or a node of Redis. */
const starters = ['replica.sh', 'particoes.sh'].map((name) =>
  fileURLToPath(new URL(`../../${name}`, import.meta.url)),
);
const lane = inject('lane');

/** Ends a test that does what only another lane may. */
function refuse(what: string, suffix: string): never {
  throw new Error(`a test of lane ${lane} ${what}: rename its file to *.${suffix}.test.ts`);
}

if (lane === 'unit') {
  net.Server.prototype.listen = () => refuse('listens on a socket', 'integration');
  net.Socket.prototype.connect = () => refuse('connects to a socket', 'integration');
}
if (lane !== 'e2e') {
  for (const name of [
    'spawn',
    'spawnSync',
    'execFile',
    'execFileSync',
    'exec',
    'execSync',
    'fork',
  ] as const) {
    const original = child[name] as (...parameters: unknown[]) => unknown;
    const guarded = (...parameters: unknown[]): unknown => {
      const program = String(parameters[0]);
      if (lane === 'unit') refuse(`starts ${program}`, 'integration');
      if (program === process.execPath || (program.startsWith(root) && !starters.includes(program))) {
        refuse(`starts ${program}`, 'e2e');
      }
      return original(...parameters);
    };
    Object.assign(child, { [name]: guarded });
  }
  syncBuiltinESMExports();
}
