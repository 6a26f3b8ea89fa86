import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endsWithTest } from './children.js';
import { eventually } from './eventually.js';
import { freePort } from './net.js';

const script = fileURLToPath(new URL('../../particoes.sh', import.meta.url));

// A busy machine starts six of them slowly.
const START_MS = 60_000;

/** One Redis node, started by `particoes.sh no`. */
export interface TestNode {
  /** `host:port` for clients. */
  readonly address: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** `kill -9`; its data stay. */
  kill9(): Promise<void>;
  /** SIGSTOP: its connections stay open, it answers nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  start(): void;
  /** What it answers to a command; rejects if it does not within some seconds. */
  ask(...words: readonly string[]): Promise<string>;
}

export interface TestCluster {
  /** The first half began as masters, the second half as their replicas, in the same order. */
  readonly nodes: readonly TestNode[];
  readonly addresses: readonly string[];
  /** Thaws and starts whatever does not run, and waits until every master has its replica again. */
  heal(): Promise<void>;
  /** Ends all and removes the data. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Options of `particoes.sh no`. */
  readonly options?: readonly string[];
  /** Masters, each with a replica; three by default. */
  readonly masters?: number;
  /** What the nodes ask of whoever comes, where the options say that they do. */
  readonly access?: ClusterAccess;
  /** Where each of them is, if not at 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Words before the program that starts the one at an index. */
  readonly command?: (index: number) => readonly string[];
}

interface ClusterAccess {
  readonly user: string;
  readonly password: string;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

/**
 * Whether Redis is installed. Says so in one line if it is not.
 * @throws Error if it is missing where nothing may be skipped (`CI=true`)
 */
export function redisAvailable(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  if (process.env['CI'] === 'true')
    throw new Error('redis-server is not installed, and with CI=true nothing is skipped');
  process.stderr.write('SKIPPED: redis-server is not installed (Debian: apt-get install redis-server)\n');
  return false;
}

/** Starts a cluster on free loopback ports with its data in a new folder, and waits until every master has its replica. */
export async function startRedisCluster({
  options = [],
  masters = 3,
  access,
  hosts,
  command,
}: ClusterOptions = {}): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'kvs-redis-'));
  const ports = new Set<number>();
  while (ports.size < 4 * masters) ports.add(await freePort());
  const numbers = [...ports];
  const nodes = Array.from({ length: 2 * masters }, (_, i) => {
    const [port, bus] = [numbers[2 * i] as number, numbers[2 * i + 1] as number];
    const place = { host: hosts?.[i] ?? '127.0.0.1', port, bus, command: command?.(i) ?? [] };
    return new Node(place, ['--dados', folder, ...options], access);
  });
  for (const node of nodes) node.start();
  await run(script, ['forma', ...nodes.map(({ place }) => place), ...options]);
  return new Cluster(nodes, folder);
}

interface NodePlace {
  readonly host: string;
  readonly port: number;
  /** Where other nodes reach it. */
  readonly bus: number;
  readonly command: readonly string[];
}

class Node implements TestNode {
  readonly address: string;
  /** Its address with the port for other nodes. */
  readonly place: string;
  private child: ChildProcess | undefined;

  constructor(
    private readonly at: NodePlace,
    private readonly options: readonly string[],
    private readonly access: ClusterAccess | undefined,
  ) {
    this.address = `${at.host}:${at.port}`;
    this.place = `${this.address}@${at.bus}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  start(): void {
    const [program, ...words] = [...this.at.command, script, 'no'];
    const child = spawn(program, [...words, this.place, '--prazo-no', '1000', ...this.options], {
      stdio: 'ignore',
    });
    endsWithTest(child);
    this.child = child;
  }

  async kill9(): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  ask(...words: readonly string[]): Promise<string> {
    // A frozen node would never answer.
    const { user, password, certificate, key, ca } = this.access ?? {};
    const tls = ca === undefined ? [] : ['--tls', '--cert', certificate, '--key', key, '--cacert', ca];
    const login = user === undefined ? [] : ['--user', user, '--no-auth-warning'];
    const { host, port } = this.at;
    const cli = ['redis-cli', '-h', host, '-p', String(port), ...(tls as string[]), ...login];
    return run('timeout', ['5', ...cli, ...words], { REDISCLI_AUTH: password });
  }
}

class Cluster implements TestCluster {
  constructor(
    readonly nodes: readonly Node[],
    private readonly folder: string,
  ) {}

  get addresses(): readonly string[] {
    return this.nodes.map(({ address }) => address);
  }

  async heal(): Promise<void> {
    for (const node of this.nodes) {
      if (node.isRunning) node.thaw();
      else node.start();
    }
    await eventually(
      'every master has its replica',
      async () => {
        const answers = await Promise.all(
          this.nodes.map((node) => node.ask('INFO', 'replication').catch(() => '')),
        );
        const states = await Promise.all(
          this.nodes.map((node) => node.ask('CLUSTER', 'INFO').catch(() => '')),
        );
        const withReplica = answers.filter(
          (text) => text.includes('role:master') && text.includes('state=online'),
        );
        const isWhole = states.every((text) => text.includes('cluster_state:ok'));
        return isWhole && 2 * withReplica.length === this.nodes.length;
      },
      START_MS,
    );
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.thaw();
    await Promise.all(this.nodes.map((node) => node.kill9()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    endsWithTest(child);
    let text = '';
    const keep = (chunk: Buffer): void => {
      text += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${text}`));
    });
  });
}
