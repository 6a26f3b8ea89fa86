import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureBuilt, root } from './e2e-build.js';
import { endsWithTest } from './children.js';
import type { DoorSecurity } from './door-client.js';
import { eventually } from './eventually.js';
import { KvsClient } from './kvs-client.js';
import { accepts, freePort } from './net.js';

/** One structured line of a server's log. */
export interface LogLine {
  readonly nivel: string;
  readonly mensagem: string;
  readonly [field: string]: unknown;
}

export interface ServerOptions {
  /** Absent: a server of another engine, which `args` name. */
  readonly fleet?: string;
  /** What comes after `servidor <port> --frota <fleet>`, such as the broker. */
  readonly args: readonly string[];
  /** A free one if absent. */
  readonly port?: number;
  /** What its client shows and checks; by default nothing. */
  readonly security?: DoorSecurity;
  /** The program (`bin/kvs`) that runs it, if not the present one: `earlierProgram(…)`. */
  readonly program?: string;
  /** Variables beside those of whoever runs the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One incarnation: what a process said, and a client of it. */
interface Incarnation {
  readonly child: ChildProcess;
  readonly log: LogLine[];
  /** Lines on standard error that are no log lines. */
  readonly plain: string[];
  readonly ended: Promise<number | NodeJS.Signals>;
  client: KvsClient | undefined;
  frozen: boolean;
}

/** The program of the sources as they are now. */
export const presentProgram = join(root, 'bin/kvs');

const OPEN_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

/** A real server in a process of its own, built from the sources as they are now. */
export class ServerProcess {
  /** Incarnations that are over, oldest first: their logs count too. */
  private readonly past: Incarnation[] = [];

  private constructor(
    readonly port: number,
    private options: ServerOptions,
    private present: Incarnation,
  ) {}

  /** Starts a server and waits until its doors are open; it may still be joining. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    await ensureBuilt();
    const port = options.port ?? (await freePort());
    const server = new ServerProcess(port, options, launch(port, options));
    await server.opened();
    return server;
  }

  get pid(): number {
    return this.present.child.pid ?? 0;
  }

  /** Whether the process exists, frozen or not. */
  get running(): boolean {
    return this.present.child.exitCode === null && this.present.child.signalCode === null;
  }

  get frozen(): boolean {
    return this.present.frozen;
  }

  /** Name of the present incarnation. */
  get origin(): string {
    const origin = this.announced?.['origem'];
    if (typeof origin !== 'string') throw new Error('the server has not said its origin');
    return origin;
  }

  /** A client of the present incarnation. */
  get client(): KvsClient {
    if (!this.present.client) throw new Error('the server is not running');
    return this.present.client;
  }

  /** Log lines of the present incarnation. */
  get log(): readonly LogLine[] {
    return this.present.log;
  }

  /** Lines on standard error of the present incarnation that are no log lines. */
  get plain(): readonly string[] {
    return this.present.plain;
  }

  /** Log lines of every incarnation. */
  get wholeLog(): readonly LogLine[] {
    return [...this.past, this.present].flatMap(({ log }) => log);
  }

  /** The first line of the present incarnation whose message begins so. */
  logged(message: string): LogLine | undefined {
    return this.present.log.find((line) => line.mensagem.startsWith(message));
  }

  /** How many lines of the present incarnation have a message that begins so. */
  countLogged(message: string): number {
    return this.present.log.filter((line) => line.mensagem.startsWith(message)).length;
  }

  /** Memory that the present incarnation has now. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** Whether the embedded broker of the machine runs in this process. */
  get hostsBroker(): boolean {
    return this.running && this.logged('nenhum broker encontrado') !== undefined;
  }

  /** Waits until the server has caught up and serves. */
  async ready(deadlineMs = 90_000): Promise<void> {
    await eventually(
      `server on port ${this.port} serves`,
      async () => (await this.client.health()) === 'SERVING',
      deadlineMs,
    );
  }

  /** `kill -9`. */
  async kill9(): Promise<void> {
    this.present.child.kill('SIGKILL');
    await this.present.ended;
    this.leaveClient();
  }

  /** Stops the process where it is: its sockets stay open, it reads and writes nothing. */
  freeze(): void {
    this.present.child.kill('SIGSTOP');
    this.present.frozen = true;
  }

  thaw(): void {
    this.present.child.kill('SIGCONT');
    this.present.frozen = false;
  }

  /**
   * SIGTERM, and waits for the end in good order.
   * @throws Error unless it exits with 0 in time and frees its port
   */
  async stop(): Promise<void> {
    this.present.child.kill('SIGTERM');
    const late = setTimeout(() => this.present.child.kill('SIGKILL'), STOP_MS_MAX);
    const end = await this.present.ended;
    clearTimeout(late);
    this.leaveClient();
    if (end !== 0) throw new Error(`the server on port ${this.port} ended with ${end}, not 0`);
    if (await accepts(this.port)) throw new Error(`port ${this.port} is not free`);
  }

  /**
   * Starts a new incarnation on the same port, with the same options but for these. The one before must be over.
   */
  async restart(changes: Partial<Pick<ServerOptions, 'args' | 'program'>> = {}): Promise<void> {
    if (this.running) throw new Error('the server still runs');
    this.options = { ...this.options, ...changes };
    this.past.push(this.present);
    this.present = launch(this.port, this.options);
    await this.opened();
  }

  /** Said once the doors are open. */
  private get announced(): LogLine | undefined {
    return this.present.log.find((line) => line['processo'] === this.pid);
  }

  /** Waits for the doors: a client that knocked before would take a pause before it tries again. */
  private async opened(): Promise<void> {
    await eventually(
      `server on port ${this.port} opens its doors`,
      () => (this.running ? this.announced : true),
      OPEN_MS_MAX,
    );
    if (!this.running) {
      await this.present.ended;
      throw new Error(`it ended: ${this.present.plain.join('\n')}`);
    }
    this.present.client = new KvsClient(this.port, undefined, this.options.security);
  }

  private leaveClient(): void {
    this.present.client?.close();
    this.present.client = undefined;
  }
}

function launch(port: number, { fleet, args, program, env }: ServerOptions): Incarnation {
  const named = fleet === undefined ? [] : ['--frota', fleet];
  const run = runKvs(['servidor', String(port), ...named, ...args], program, env);
  return { ...run, client: undefined, frozen: false };
}

/** `bin/kvs` with these arguments, without the `KVS_*` variables of whoever runs the tests. */
export function runKvs(
  args: readonly string[],
  program = presentProgram,
  more: Readonly<Record<string, string>> = {},
): Pick<Incarnation, 'child' | 'log' | 'plain' | 'ended'> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('KVS_'));
  const env = { ...Object.fromEntries(own), ...more };
  const child = spawn(process.execPath, [program, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log: LogLine[] = [];
  const plain: string[] = [];
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    const parsed = asLogLine(line);
    if (parsed) log.push(parsed);
    else plain.push(line);
  });
  endsWithTest(child);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    // `close` comes after the last line of the log.
    child.once('close', (code, signal) => {
      resolve(code ?? signal ?? 1);
    });
  });
  return { child, log, plain, ended };
}

function asLogLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
