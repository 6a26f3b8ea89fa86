import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pair } from './certificates.js';
import { root } from './e2e-build.js';
import { startMosquitto } from './mosquitto.js';
import type { Mosquitto } from './mosquitto.js';
import { freePort } from './net.js';

export interface ShippedOptions {
  /** What the broker shows. */
  readonly shown: Pair;
  /** File with the authority that it checks clients against. */
  readonly ca: string;
  /** Passwords by user. */
  readonly passwords: Readonly<Record<string, string>>;
  /** Lines that the file has behind a `#`, to be switched on. */
  readonly switchedOn?: readonly string[];
  /** Lines for its listener that it does not have. */
  readonly listener?: readonly string[];
}

export interface ShippedMosquitto extends Mosquitto {
  /** Puts other certificates in the place of those that the file names. */
  put(shown: Pair, ca: string): Promise<void>;
  /** `kill -HUP` */
  hangUp(): void;
}

/**
 * Mosquitto with `mosquitto-seguro.conf` and `mosquitto-acl.conf` as they are shipped, but for its port on loopback and what
 * is asked for; the passwords are hashed by Mosquitto's own program.
 */
export async function startShippedMosquitto(options: ShippedOptions): Promise<ShippedMosquitto> {
  const { shown, ca, passwords, switchedOn = [], listener = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'mosquitto-seguro-'));
  // Started by root, Mosquitto gives its rights up and must still read its files.
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'certificados'), { mode: 0o755 });
  const put = async (pair: Pair, authority: string): Promise<void> => {
    await place(authority, join(folder, 'certificados/ca.pem'));
    await place(pair.key, join(folder, 'certificados/servidor-chave.pem'));
    await place(pair.certificate, join(folder, 'certificados/servidor.pem'));
  };
  await put(shown, ca);
  const shipped = join(root, 'deploy/mosquitto');
  await mkdir(join(folder, 'deploy/mosquitto'), { recursive: true, mode: 0o755 });
  await place(join(shipped, 'mosquitto-acl.conf'), join(folder, 'deploy/mosquitto/mosquitto-acl.conf'));
  await writePasswords(join(folder, 'mosquitto-senhas'), passwords);
  const [port, other] = [await freePort(), await freePort()];
  let conf = await readFile(join(shipped, 'mosquitto-seguro.conf'), 'utf8');
  for (const line of switchedOn) conf = replaceLine(conf, `#${line}`, line);
  conf = replaceLine(conf, 'listener 8883', [`listener ${port} 127.0.0.1`, ...listener].join('\n'));
  // With web sockets alone Mosquitto 2.0 finds nothing to listen on.
  if (listener.includes('protocol websockets')) conf = `listener ${other} 127.0.0.1\n${conf}`;
  const broker = await startMosquitto({ conf, port, cwd: folder, ownListener: true });
  return {
    ...broker,
    get pid() {
      return broker.pid;
    },
    put,
    hangUp: () => {
      process.kill(broker.pid, 'SIGHUP');
    },
    stop: async () => {
      await broker.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As a file appears that is put in place while somebody may read it. */
async function place(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.parcial`);
  await chmod(`${to}.parcial`, 0o644);
  await rename(`${to}.parcial`, to);
}

async function writePasswords(path: string, passwords: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(passwords).map(([user, password]) => `${user}:${password}\n`);
  await writeFile(path, lines.join(''));
  const made = spawnSync('mosquitto_passwd', ['-U', path]);
  if (made.status !== 0) throw new Error(`mosquitto_passwd: ${String(made.stderr)}`);
  await chmod(path, 0o644);
}

/** @throws Error unless the line is there: what is tested must be what is shipped */
function replaceLine(conf: string, line: string, by: string): string {
  const lines = conf.split('\n');
  if (!lines.includes(line)) throw new Error(`mosquitto-seguro.conf has no line ${line}`);
  return lines.map((each) => (each === line ? by : each)).join('\n');
}
