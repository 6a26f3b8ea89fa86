import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { ServerProcess } from '../support/server-process.js';
import type { ServerOptions } from '../support/server-process.js';
import { CaosClient } from './client.js';
import type { HistoryFile } from './history.js';
import type { LoadTarget } from './load.js';

/** Beginnings of log messages that no fault excuses. */
const ALARMS = ['ALARME'];
const WATCHED_EVERY_MS = 250;
/** A server that does not start is tried again until then. */
const STARTS_MS_MAX = 60_000;
const TRIED_EVERY_MS = 500;

/** A real server that is killed and started again, and whoever notices that it ended without being told to. */
export class CaosServer implements LoadTarget {
  life = 1;
  readonly client: CaosClient;
  private isMeantToRun = true;
  private readonly watch: NodeJS.Timeout;
  /** Starts and ends take their turns. */
  private turn: Promise<void> = Promise.resolve();

  private constructor(
    readonly name: string,
    readonly process: ServerProcess,
    private readonly history: HistoryFile,
  ) {
    this.client = new CaosClient(process.port);
    this.watch = setInterval(() => {
      this.look();
    }, WATCHED_EVERY_MS);
  }

  /** Waits until its doors are open. */
  static async start(name: string, options: ServerOptions, history: HistoryFile): Promise<CaosServer> {
    return new CaosServer(name, await ServerProcess.start(options), history);
  }

  get isRunning(): boolean {
    return this.process.running;
  }

  kill9(): Promise<void> {
    this.isMeantToRun = false;
    return this.inTurn(async () => {
      if (!this.process.running) return;
      this.note('fault');
      await this.process.kill9();
    });
  }

  /** Starts it if it does not run, and thaws it if it is frozen. */
  heal(): Promise<void> {
    return this.inTurn(async () => {
      if (this.process.frozen) this.process.thaw();
      const end = performance.now() + STARTS_MS_MAX;
      while (!this.process.running) await this.tryStart(end);
      this.isMeantToRun = true;
    });
  }

  freeze(): void {
    this.process.freeze();
  }

  thaw(): void {
    this.process.thaw();
  }

  /** Bounds what the system lets it have. @returns what gives it back to this life of it */
  limit(name: LimitName, value: number): () => void {
    return limitProcess(this.process.pid, name, value);
  }

  /** The greatest descriptor that it has open, plus one. */
  async descriptors(): Promise<number> {
    const open = await readdir(`/proc/${String(this.process.pid)}/fd`);
    return Math.max(...open.map(Number)) + 1;
  }

  /** Ends it, and writes down what it has said that it must not say. */
  async close(): Promise<void> {
    clearInterval(this.watch);
    this.isMeantToRun = false;
    await this.turn.catch(() => undefined);
    if (this.process.running) await this.process.kill9();
    this.client.close();
    for (const { mensagem } of this.process.wholeLog) {
      if (ALARMS.some((begin) => mensagem.startsWith(begin)))
        this.history.add({ kind: 'alarm', server: this.name, text: mensagem });
    }
  }

  /** A disk may be full at that moment, or descriptors few: whoever runs it would start it again, too. */
  private async tryStart(endMs: number): Promise<void> {
    this.life++;
    try {
      await this.process.restart();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, TRIED_EVERY_MS));
    }
  }

  private look(): void {
    if (!this.isMeantToRun || this.process.running) return;
    this.isMeantToRun = false;
    this.note('itself');
    this.heal().catch(() => undefined);
  }

  private note(by: 'fault' | 'itself'): void {
    const said = this.process.plain.slice(-3).join(' ') || this.process.log.at(-1)?.mensagem;
    this.history.add({
      kind: 'end',
      server: this.name,
      life: this.life,
      at: performance.now(),
      by,
      ...(by === 'itself' && said !== undefined && { said }),
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }
}

/** Limits as `prlimit` names them, and as the system lists them. */
const LIMITS = { nofile: 'Max open files', fsize: 'Max file size' } as const;
export type LimitName = keyof typeof LIMITS;

/**
 * Sets the soft limit of a process. A process that is gone has none to set.
 * @returns what sets it back
 */
export function limitProcess(pid: number, name: LimitName, value: number): () => void {
  const path = `/proc/${String(pid)}/limits`;
  const before = new RegExp(`^${LIMITS[name]}\\s+(\\S+)`, 'm').exec(readFileSync(path, 'utf8'))?.[1];
  const set = (to: string): void => {
    spawnSync('prlimit', ['--pid', String(pid), `--${name}=${to}:`]);
  };
  set(String(value));
  return () => {
    set(before ?? 'unlimited');
  };
}
