import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endsWithTest } from './children.js';
import { askEtcd } from './etcd-client.js';
import { eventually } from './eventually.js';
import { freePort } from './net.js';

const script = fileURLToPath(new URL('../../replica.sh', import.meta.url));

// A busy machine starts three of them slowly.
const START_MS = 60_000;

/** One member, started by `replica.sh`. */
export interface EtcdMember {
  readonly name: string;
  /** `host:port` for clients. */
  readonly address: string;
  /** Of the present process. */
  readonly pid: number;
  /** `kill -9`; its data stay. */
  kill9(): Promise<void>;
  /** SIGSTOP: its connections stay open, it answers nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Ends it if it runs, and starts it again with its data. Does not wait for the majority. */
  restart(): Promise<void>;
  /** Where its data are. */
  readonly folder: string;
  /** `kill -9`; its data are gone. */
  lose(): Promise<void>;
  /** Starts it with these options of `replica.sh` too. */
  start(...options: readonly string[]): void;
  /** The script again, with these options too, beside the process that runs: how it ended. */
  tries(...options: readonly string[]): Promise<{ readonly code: number | null; readonly log: string }>;
  /** How the process ended, and what it said; a child that runs on is waited for. */
  ended(): Promise<{ readonly code: number | null; readonly log: string }>;
  /** What it says of itself: member and leader, as decimal numbers. `undefined` if it does not answer. */
  status(): Promise<{ readonly id: string; readonly leader: string } | undefined>;
}

export interface EtcdCluster {
  readonly members: readonly EtcdMember[];
  /** `host:port` for clients, of each. */
  readonly addresses: readonly string[];
  /** The member that leads, when the members that answer agree on one. */
  leader(): Promise<EtcdMember>;
  /** Members that do not lead. */
  followers(): Promise<readonly EtcdMember[]>;
  /** Waits until there is a leader and every member knows it. */
  ready(): Promise<void>;
  /** Thaws and starts whatever is not running, and waits until all is well. */
  heal(): Promise<void>;
  /** Ends all and removes the data. */
  stop(): Promise<void>;
}

export interface EtcdOptions {
  /** How many members; three by default. */
  readonly members?: number;
  readonly quotaBytes?: number;
  /** Where each of them is, if not at 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Words before the program that starts the one at an index. */
  readonly command?: (index: number) => readonly string[];
}

/**
 * Whether etcd is installed. Says so in one line if it is not.
 * @throws Error if it is missing where nothing may be skipped (`CI=true`)
 */
export function etcdAvailable(): boolean {
  if (spawnSync('etcd', ['--version']).status === 0) return true;
  if (process.env['CI'] === 'true')
    throw new Error('etcd is not installed, and with CI=true nothing is skipped');
  process.stderr.write('SKIPPED: etcd is not installed (Debian: apt-get install etcd-server)\n');
  return false;
}

/** Starts a cluster on free loopback ports with its data in a new folder, and waits until it has a leader. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'kvs-etcd-'));
  const names = Array.from({ length: options.members ?? 3 }, (_, index) => `bd${index + 1}`);
  const ports = await distinctPorts(2 * names.length);
  const hostOf = (index: number): string => options.hosts?.[index] ?? '127.0.0.1';
  const file = join(folder, 'replicas.conf');
  const lines = names.map((name, index) => {
    const host = hostOf(index);
    return `${name} ${host}:${ports[2 * index]} ${host}:${ports[2 * index + 1]}`;
  });
  await writeFile(file, `# nome clientes réplicas\n${lines.join('\n')}\n`);
  const quota = options.quotaBytes === undefined ? [] : ['--cota', String(options.quotaBytes)];
  const members = names.map((name, index) => {
    const args = [name, '--arquivo', file, '--dados', join(folder, 'dados'), ...quota];
    const address = `${hostOf(index)}:${ports[2 * index]}`;
    const words = [...(options.command?.(index) ?? []), script, ...args];
    return new Member(name, address, join(folder, 'dados', name), words);
  });
  const cluster = new Cluster(members, folder);
  for (const member of members) member.start();
  await cluster.ready();
  return cluster;
}

async function distinctPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

class Cluster implements EtcdCluster {
  constructor(
    readonly members: readonly Member[],
    private readonly folder: string,
  ) {}

  get addresses(): readonly string[] {
    return this.members.map(({ address }) => address);
  }

  async leader(): Promise<EtcdMember> {
    return eventually('a leader on which all agree', () => this.agreed(), START_MS);
  }

  async followers(): Promise<readonly EtcdMember[]> {
    const leader = await this.leader();
    return this.members.filter((member) => member !== leader);
  }

  async ready(): Promise<void> {
    const everyone = async (): Promise<boolean> => {
      const answers = await Promise.all(this.members.map((member) => member.status()));
      const leaders = new Set(answers.map((answer) => answer?.leader ?? NOBODY));
      return leaders.size === 1 && !leaders.has(NOBODY);
    };
    await eventually('a cluster with a leader that all know', everyone, START_MS);
  }

  async heal(): Promise<void> {
    for (const member of this.members) {
      if (member.running) member.thaw();
      else member.start();
    }
    await this.ready();
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill9()));
    await rm(this.folder, { recursive: true, force: true });
  }

  private async agreed(): Promise<EtcdMember | undefined> {
    const answers = await Promise.all(this.members.map((member) => member.status()));
    const known = answers.filter((answer) => answer !== undefined);
    const leaders = new Set(known.map(({ leader }) => leader));
    const [leader = NOBODY] = leaders;
    if (leaders.size !== 1 || leader === NOBODY || known.length <= this.members.length / 2) return undefined;
    return this.members[answers.findIndex((answer) => answer?.id === leader)];
  }
}

/** What a member says while it knows no leader. */
const NOBODY = '0';

class Member implements EtcdMember {
  private child: ChildProcess | undefined;
  private log = '';

  constructor(
    readonly name: string,
    readonly address: string,
    readonly folder: string,
    /** What starts it. */
    private readonly words: readonly string[],
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  start(...options: readonly string[]): void {
    this.log = '';
    const [program = script, ...args] = [...this.words, ...options];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => {
      this.log = (this.log + chunk.toString()).slice(-4_000);
    });
    endsWithTest(child);
    this.child = child;
  }

  async kill9(): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.running) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async lose(): Promise<void> {
    await this.kill9();
    await rm(this.folder, { recursive: true, force: true });
  }

  async tries(
    ...options: readonly string[]
  ): Promise<{ readonly code: number | null; readonly log: string }> {
    const beside = new Member(this.name, this.address, this.folder, this.words);
    beside.start(...options);
    return beside.ended();
  }

  async ended(): Promise<{ readonly code: number | null; readonly log: string }> {
    const { child } = this;
    if (child !== undefined && this.running) await new Promise((resolve) => child.once('close', resolve));
    return { code: child?.exitCode ?? null, log: this.log };
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.kill9();
    this.start();
  }

  async status(): Promise<{ readonly id: string; readonly leader: string } | undefined> {
    if (this.child !== undefined && this.child.exitCode !== null) {
      throw new Error(`etcd ${this.name} ended: ${this.log}`);
    }
    try {
      const { header, leader } = await askEtcd(this.address, 'Maintenance/Status');
      return { id: header.member_id, leader };
    } catch {
      return undefined;
    }
  }
}
