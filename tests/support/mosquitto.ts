import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { endsWithTest } from './children.js';
import { eventually } from './eventually.js';
import { accepts, freePort } from './net.js';

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** Of the present process. */
  readonly pid: number;
  /** Ends it in good order and removes its files. */
  stop(): Promise<void>;
  /** `kill -9`; its files stay for a restart. */
  kill(): Promise<void>;
  /** Ends it if it runs, and starts it again on the same port, with another configuration if one is given. */
  restart(conf?: string): Promise<void>;
}

export interface MosquittoOptions {
  /** Everything but the listener. By default Mosquitto's own limits, and anonymous clients. */
  readonly conf?: string;
  readonly port?: number;
  /** Where it is started: paths in `conf` may be relative to it. */
  readonly cwd?: string;
  /** `conf` has the listener too, on `port`. */
  readonly ownListener?: boolean;
}

/**
 * Whether Mosquitto is installed. Says so in one line if it is not.
 * @throws Error if it is missing where nothing may be skipped (`CI=true`)
 */
export function mosquittoAvailable(): boolean {
  if (binary() !== undefined) return true;
  if (process.env['CI'] === 'true')
    throw new Error('mosquitto is not installed, and with CI=true nothing is skipped');
  process.stderr.write('SKIPPED: mosquitto is not installed (Debian: apt-get install mosquitto)\n');
  return false;
}

/** Starts a real Mosquitto on 127.0.0.1 and waits until it accepts connections. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const path = binary();
  if (path === undefined) throw new Error('mosquitto is not installed');
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'));
  const conf = join(folder, 'mosquitto.conf');
  const listener = options.ownListener === true ? '' : `listener ${port} 127.0.0.1\n`;
  await writeFile(conf, `${listener}${options.conf ?? 'allow_anonymous true\n'}`);
  // Started by root, it gives its rights up.
  await chmod(folder, 0o755);
  let child = await launch(path, conf, port, options.cwd);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    async stop() {
      await end(child, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
    async kill() {
      await end(child, 'SIGKILL');
    },
    async restart(changed) {
      await end(child, 'SIGTERM');
      if (changed !== undefined) await writeFile(conf, `${listener}${changed}`);
      child = await launch(path, conf, port, options.cwd);
    },
  };
}

function binary(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'mosquitto')).find((path) => existsSync(path));
}

async function launch(path: string, conf: string, port: number, cwd = tmpdir()): Promise<ChildProcess> {
  const child = spawn(path, ['-c', conf], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  endsWithTest(child);
  await eventually(`mosquitto on port ${port}`, async () => {
    if (child.exitCode !== null) throw new Error(`mosquitto ended: ${errors}`);
    return accepts(port);
  });
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  child.kill(signal);
  // A stopped process only hears SIGKILL.
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(force);
}
