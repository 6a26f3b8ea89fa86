import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import mqtt from 'mqtt';
import { endsWithTest } from './children.js';
import { eventually } from './eventually.js';
import { freePort } from './net.js';

/** One node of a cluster. */
export interface NatsNode {
  /** Its MQTT listener. */
  readonly url: string;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

export interface NatsCluster {
  readonly nodes: readonly NatsNode[];
  stop(): Promise<void>;
}

/**
 * Whether nats-server is installed. Says so in one line if it is not.
 * @throws Error if it is missing where nothing may be skipped (`CI=true`)
 */
export function natsAvailable(): boolean {
  if (binary() !== undefined) return true;
  if (process.env['CI'] === 'true')
    throw new Error('nats-server is not installed, and with CI=true nothing is skipped');
  process.stderr.write('SKIPPED: nats-server is not installed (Debian: apt-get install nats-server)\n');
  return false;
}

/** Three nodes on 127.0.0.1 with JetStream, which their MQTT sessions lie in. */
export async function startNats(): Promise<NatsCluster> {
  const program = binary();
  if (program === undefined) throw new Error('nats-server is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'nats-'));
  const ports: { readonly client: number; readonly cluster: number; readonly mqtt: number }[] = [];
  for (let i = 0; i < 3; i++) {
    ports.push({ client: await freePort(), cluster: await freePort(), mqtt: await freePort() });
  }
  const routes = ports.map(({ cluster }) => `nats://127.0.0.1:${cluster}`).join(', ');
  const nodes = await Promise.all(
    ports.map(async ({ client, cluster, mqtt }, index) => {
      const conf = join(folder, `n${index}.conf`);
      const text = [
        `server_name: n${index}`,
        `listen: 127.0.0.1:${client}`,
        `jetstream { store_dir: "${join(folder, `n${index}`)}" }`,
        `cluster { name: kvs, listen: 127.0.0.1:${cluster}, routes: [${routes}] }`,
        `mqtt { listen: 127.0.0.1:${mqtt} }`,
      ];
      await writeFile(conf, `${text.join('\n')}\n`);
      return new Node(program, conf, mqtt);
    }),
  );
  for (const node of nodes) node.launch();
  await Promise.all(nodes.map((node) => node.open()));
  return {
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill9()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

class Node implements NatsNode {
  private child: ChildProcess | undefined;

  constructor(
    private readonly program: string,
    private readonly conf: string,
    private readonly port: number,
  ) {}

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  launch(): void {
    this.child = spawn(this.program, ['-c', this.conf], { stdio: 'ignore' });
    endsWithTest(this.child);
  }

  async open(): Promise<void> {
    await eventually(`nats-server at ${this.url}`, () => subscribes(this.url), 60_000);
  }

  async kill9(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill9();
    this.launch();
    await this.open();
  }
}

/** Whether the node takes a session: it must have found the others and agreed on a leader. */
async function subscribes(url: string): Promise<boolean> {
  const options = { protocolVersion: 4 as const, reconnectPeriod: 0, connectTimeout: 2_000 };
  const client = mqtt.connect(url, options).on('error', () => undefined);
  try {
    return await new Promise<boolean>((resolve) => {
      client.once('close', () => resolve(false));
      setTimeout(() => resolve(false), 2_500).unref();
      client.once('connect', () => {
        client.subscribe('probe', { qos: 1 }, (error, granted) => {
          resolve(error === null && granted?.every(({ qos }) => qos <= 2) === true);
        });
      });
    });
  } finally {
    client.end(true);
  }
}

function binary(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'nats-server')).find((path) => existsSync(path));
}
