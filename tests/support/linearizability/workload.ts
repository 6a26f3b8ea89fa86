import { SeededRandom } from '../sim-random.js';
import { isWrite } from './history.js';
import type { Outcome, Request } from './history.js';
import { Recorder } from './recorder.js';
import type { Subject } from './recorder.js';

/** A client waits so long between two operations, at most: many overlap, and the machine is not busy. */
const THINK_MS = 60;

/** After an operation that was not done: not to ask again and again while nobody can answer. */
const PATIENCE_MS = 150;

/** Concurrent clients that ask several servers for anything they can do, on few keys, until they are stopped. */
export class Workload {
  readonly recorder = new Recorder();
  /** The greatest that any client was shown, for each key: what to ask for. */
  private readonly shown = new Map<string, { version: number; timestamp: number }>();
  private readonly clients: readonly Promise<void>[];
  private stopped = false;
  private broken: Error | undefined;

  constructor(
    private readonly keys: readonly string[],
    subjects: readonly Subject[],
    clientsEach: number,
    seed: number,
  ) {
    const clients = subjects.flatMap((subject, server) => {
      return Array.from({ length: clientsEach }, (_, n) => ({ subject, name: `s${server + 1}c${n + 1}` }));
    });
    this.clients = clients.map(({ name, subject }, index) => {
      const random = new SeededRandom(seed * 1_000 + index);
      return this.live(name, subject, random).catch((error: unknown) => {
        this.broken ??= new Error(`client ${name}: ${String(error)}`, { cause: error });
      });
    });
  }

  /** How many operations came to this end. @throws what a client came upon that no fault explains */
  count(kind: Outcome['kind'], writesOnly = false): number {
    if (this.broken !== undefined) throw this.broken;
    return this.recorder.operations.filter(({ outcome, request }) => {
      return outcome.kind === kind && (!writesOnly || isWrite(request));
    }).length;
  }

  /** Ends when every operation has. @throws as {@link count} */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
    this.count('answered');
  }

  private async live(name: string, subject: Subject, random: SeededRandom): Promise<void> {
    for (let n = 0; !this.stopped; n++) {
      const key = random.pick(this.keys);
      const request = this.draw(key, `${name}.${n}`, random);
      const outcome = await this.recorder.run(name, key, request, subject);
      if (outcome.kind === 'answered') this.note(key, outcome);
      const pauseMs = outcome.kind === 'failed' ? PATIENCE_MS : random.between(0, THINK_MS);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private draw(key: string, value: string, random: SeededRandom): Request {
    const { version, timestamp } = this.shown.get(key) ?? { version: 1, timestamp: 1 };
    const back = random.int(0, 3);
    const dice = random.next();
    if (dice < 0.12) return { kind: 'insert', value };
    if (dice < 0.2) return { kind: 'compare', expected: Math.max(version - (back >> 1), 0), value };
    if (dice < 0.4) return { kind: 'put', value };
    if (dice < 0.7) return { kind: 'get' };
    if (dice < 0.78) return { kind: 'getVersion', upTo: Math.max(version - back, 1) };
    if (dice < 0.86) return { kind: 'getTime', upTo: timestamp - 10 * back };
    if (dice < 0.92) return { kind: 'remove', version: Math.max(version - back, 1) };
    return { kind: dice < 0.96 ? 'trim' : 'removeAll' };
  }

  private note(key: string, { answer }: Outcome & { readonly kind: 'answered' }): void {
    const shown = this.shown.get(key) ?? { version: 1, timestamp: 1 };
    for (const sight of [answer.made, answer.found]) {
      shown.version = Math.max(shown.version, sight?.version ?? 0);
      shown.timestamp = Math.max(shown.timestamp, sight?.timestamp ?? 0);
    }
    this.shown.set(key, shown);
  }
}
