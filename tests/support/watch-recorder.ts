import { KvsError } from '../../src/core/errors.js';
import type { Engine } from '../../src/ports/engine.js';
import type { Watch, WatchEvent } from '../../src/ports/watch.js';
import { eventually } from './eventually.js';
import type { RecordedEvent } from './total-order.js';

/** What ends a watch that goes on elsewhere or later. */
const GOES_ON: ReadonlySet<string> = new Set([
  'SEM_MAIORIA',
  'SERVIDOR_SAINDO',
  'SERVIDOR_ENTRANDO',
  'LEITOR_LENTO',
  'SEM_LIDER',
]);

interface RecorderOptions {
  readonly scan: Omit<Watch, 'kind' | 'from'>;
  /** The server to go on at, for each part of the watch. */
  serverOf(part: number): Engine;
  /** After how many events it leaves and goes on elsewhere; never if absent. */
  leaveAfter?(part: number): number;
}

/** Watches for as long as a test takes, over servers that come and go, and records what it is told. */
export class WatchRecorder {
  readonly events: RecordedEvent[] = [];
  /** How often it was told to begin again. */
  restarts = 0;
  /** How many watches it has been. */
  parts = 0;
  #token: string | undefined;
  #iterator: AsyncIterator<WatchEvent | undefined> | undefined;
  #isStopped = false;
  #done: Promise<void> | undefined;

  constructor(private readonly options: RecorderOptions) {}

  /** Resolves once it is up to date. */
  async start(): Promise<this> {
    this.#done = this.#run();
    await eventually('the recorder watches', () => this.#token !== undefined);
    return this;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#iterator?.return?.();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#part(this.parts++);
      } catch (error) {
        if (!GOES_ON.has(KvsError.from(error).code)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async #part(part: number): Promise<void> {
    const { scan, serverOf, leaveAfter } = this.options;
    const from = this.#token === undefined ? 'now' : { token: this.#token };
    const rows = serverOf(part).scan({ kind: 'watch', ...scan, from }) as AsyncIterable<
      WatchEvent | undefined
    >;
    const iterator = (this.#iterator = rows[Symbol.asyncIterator]());
    let left = leaveAfter?.(part) ?? Infinity;
    while (!this.#isStopped && left > 0) {
      const step = await iterator.next();
      if (step.done === true) break;
      const event = step.value;
      if (event === undefined) continue;
      if (event.kind === 'restart') this.restarts++;
      this.#token = event.token ?? this.#token;
      if (event.line === undefined || event.kind === 'present') continue;
      const { key, version, value } = event.line;
      this.events.push({ kind: event.kind, key, version, value });
      left--;
    }
    await iterator.return?.();
  }
}
