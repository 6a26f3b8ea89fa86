import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from './e2e-build.js';
import { eventually } from './eventually.js';
import { HoldProxy } from './hold-proxy.js';
import { freeAddresses } from './leader-nodes.js';

/** A program of the leader system in a process of its own, and everything that it said. */
export class Console {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | NodeJS.Signals>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.stdin?.on('error', () => undefined);
    running.add(child);
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        running.delete(child);
        resolve(code ?? signal ?? 1);
      });
    });
  }

  /** `kvs …words`, with these `KVS_*` variables and none of whoever runs the tests. */
  static async start(words: readonly string[], variables: Variables = {}): Promise<Console> {
    await ensureBuilt();
    return new Console(
      spawn(process.execPath, [program, ...words], { cwd: root, env: environment(variables) }),
    );
  }

  /**
   * The same on a terminal of its own (util-linux's `script`, which every Debian has): what it shows there is
   * {@link stdout} here, and its standard output goes to a file.
   */
  static async onTerminal(
    words: readonly string[],
    output: string,
    variables: Variables = {},
  ): Promise<Console> {
    await ensureBuilt();
    const quoted = [process.execPath, program, ...words].map((word) => `'${word}'`).join(' ');
    const command = `exec ${quoted} > '${output}'`;
    return new Console(
      spawn('script', ['-qec', command, '/dev/null'], { cwd: root, env: environment(variables) }),
    );
  }

  /** Lines of standard output; the clients' ports, which the system draws, as `*`. */
  get lines(): string[] {
    return this.stdout
      .replace(/^(.*Cliente 127\.0\.0\.1:)\d+ /gm, '$1* ')
      .split('\n')
      .slice(0, -1);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Types a line. */
  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Waits until standard output has so many lines. */
  async says(count: number): Promise<void> {
    await eventually(
      `${String(count)} lines, after: ${this.stdout}${this.stderr}`,
      () => this.lines.length >= count,
    );
  }

  async asks(text: string): Promise<void> {
    await eventually(`it asks "${text}"`, () => (this.stderr + this.stdout).includes(text), 30_000);
  }

  async kill9(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** SIGTERM. @returns the exit code */
  async stop(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}

type Variables = Readonly<Record<string, string>>;

const program = join(root, 'bin/kvs');

function environment(variables: Variables): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('KVS_'));
  return { ...Object.fromEntries(inherited), ...variables };
}

// A test that is cut must not leave a server behind.
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Three real servers, the first the leader. The leader reaches the last over a network that a test can hold up. */
export class LeaderProcesses {
  readonly servers: Console[] = [];

  private constructor(
    /** Where clients reach them. */
    readonly addresses: readonly string[],
    /** How they call each other. */
    readonly names: readonly string[],
    readonly network: HoldProxy,
    private readonly options: readonly string[],
  ) {}

  /** Starts all three and waits until they serve. */
  static async start(...options: readonly string[]): Promise<LeaderProcesses> {
    const addresses = await freeAddresses(3);
    const network = await HoldProxy.start(addresses[2] ?? '');
    const names = [...addresses.slice(0, 2), network.address];
    const system = new LeaderProcesses(addresses, names, network, options);
    await Promise.all([0, 1, 2].map((index) => system.launch(index)));
    await Promise.all([0, 1, 2].map((index) => system.ready(index)));
    return system;
  }

  /** Starts one (again), without waiting for more than its process. */
  async launch(index: number, ...options: readonly string[]): Promise<Console> {
    const [, port = ''] = (this.names[index] ?? '').split(':');
    const server = await Console.start([
      ...[
        'lider-servidor',
        '--porta',
        port,
        '--lider',
        this.names[0] ?? '',
        '--servidores',
        this.names.join(','),
      ],
      ...['--escuta', this.addresses[index] ?? '', ...this.options, ...options],
    ]);
    this.servers[index] = server;
    return server;
  }

  async ready(index: number): Promise<void> {
    await eventually(
      `server ${String(index)} serves`,
      () => {
        const server = this.servers[index]!;
        if (!server.running) throw new Error(`it ended: ${server.stderr}`);
        return server.stderr.includes('servidor pronto');
      },
      30_000,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill9()));
    await this.network.stop();
  }
}
