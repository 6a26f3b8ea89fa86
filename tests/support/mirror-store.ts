import { KvsError } from '../../src/core/errors.js';
import type { Engine, Row, Stream } from '../../src/ports/engine.js';
import type { Line } from '../../src/ports/lines.js';
import type { WatchEvent } from '../../src/ports/watch.js';
import type { StoppableTime } from './mirror-world.js';
import type { SeededRandom } from './sim-random.js';

/** A write as servers tell it one another; the one with the greatest stamp decides, wherever and whenever it arrives. */
export interface StoreWrite {
  readonly key: string;
  /** `undefined`: removed. */
  readonly value: string | undefined;
  readonly stamp: number;
}

/** The state of one server: the latest value of each key, a watch on it, and everything that was ever the latest. */
export class MirrorStore {
  private readonly latest = new Map<string, StoreWrite>();
  /** For each key, everything that was its latest value here, in order; `''`: none. */
  readonly history = new Map<string, string[]>();
  private readonly watches = new Set<StoreWatch>();

  constructor(
    private readonly time: StoppableTime,
    private readonly random: SeededRandom,
    /** Whether reads take time, as where other machines are asked. */
    private readonly isRemote: boolean,
  ) {}

  get size(): number {
    return this.values().size;
  }

  values(): Map<string, string> {
    const found = new Map<string, string>();
    for (const { key, value } of this.latest.values()) if (value !== undefined) found.set(key, value);
    return found;
  }

  valueOf(key: string): string {
    return this.latest.get(key)?.value ?? '';
  }

  apply(write: StoreWrite): void {
    const known = this.latest.get(write.key);
    if (known !== undefined && known.stamp >= write.stamp) return;
    this.latest.set(write.key, write);
    const seen = this.history.get(write.key) ?? [''];
    seen.push(write.value ?? '');
    this.history.set(write.key, seen);
    const line = this.lineOf(write);
    const kind = write.value === undefined ? 'remove' : 'insert';
    for (const watch of this.watches) watch.push({ kind, line });
  }

  /** Ends every watch, as for a reader that is too slow, or has it begin again: what happened for a while is not told. */
  disturb(restarts: boolean): void {
    for (const watch of this.watches) {
      if (!restarts) {
        watch.fail(new KvsError('LEITOR_LENTO', 'quem observa ficou para trás'));
        continue;
      }
      watch.lose();
      this.time.after(this.random.between(0, 300), () => {
        watch.restart();
        // The state that it tells is of a moment that comes a while later.
        this.time.after(this.random.between(0, 1_500), () => watch.catchUp());
      });
    }
  }

  readonly engine: Pick<Engine, 'read' | 'scan'> = {
    read: ((query: { readonly key: string }) => {
      if (!this.isRemote) return this.rowOf(query.key);
      return new Promise<Row | undefined>((resolve, reject) => {
        this.time.after(this.random.between(0, 5), () => {
          const row = this.rowOf(query.key);
          const fails = this.random.chance(0.01);
          this.time.after(this.random.between(0, 5), () => {
            if (fails) reject(new KvsError('SEM_MAIORIA', 'sem maioria'));
            else resolve(row);
          });
        });
      });
    }) as Engine['read'],
    scan: ((scan: { readonly kind: 'watch' | 'list'; readonly prefix?: string }) =>
      scan.kind === 'list' ? this.list(scan.prefix ?? '') : this.watch(scan.prefix ?? '')) as Engine['scan'],
  };

  private *list(prefix: string): Generator<Line | undefined> {
    // Keys that come while it is read are seen or not, as in a store.
    for (const key of [...this.latest.keys()].sort()) {
      const row = key.startsWith(prefix) ? this.rowOf(key) : undefined;
      yield row === undefined ? undefined : (row as Line);
    }
  }

  private watch(prefix: string): Stream<WatchEvent> {
    const watch = new StoreWatch(prefix, () => this.watches.delete(watch));
    this.watches.add(watch);
    return watch;
  }

  private rowOf(key: string): Row | undefined {
    const write = this.latest.get(key);
    return write?.value === undefined ? undefined : this.lineOf(write);
  }

  private lineOf({ key, value = '', stamp }: StoreWrite): Line {
    const known = { origin: '', isHead: true, isSibling: false, isStable: true };
    return { key, value, version: Math.floor(stamp), timestamp: stamp, ...known };
  }
}

/** A watch from now on. */
class StoreWatch implements AsyncIterableIterator<WatchEvent> {
  private readonly events: WatchEvent[] = [{ kind: 'upToDate' }];
  private waiting:
    { resolve: (step: IteratorResult<WatchEvent>) => void; reject: (error: Error) => void } | undefined;
  private failure: Error | undefined;
  private isLosing = false;
  private isOver = false;

  constructor(
    private readonly prefix: string,
    private readonly onEnd: () => void,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(event: WatchEvent): void {
    if (this.isLosing) return;
    if (event.line !== undefined && !event.line.key.startsWith(this.prefix)) return;
    this.events.push(event);
    this.wake();
  }

  /** What was not read yet is lost, and what comes from now on. */
  lose(): void {
    this.events.splice(0);
    this.isLosing = true;
  }

  restart(): void {
    this.events.push({ kind: 'restart' });
    this.wake();
  }

  /** From now on it tells what changes. */
  catchUp(): void {
    this.isLosing = false;
    this.events.push({ kind: 'upToDate' });
    this.wake();
  }

  fail(error: Error): void {
    this.events.splice(0);
    this.failure = error;
    this.onEnd();
    this.wake();
  }

  next(): Promise<IteratorResult<WatchEvent>> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.wake();
    });
  }

  return(): Promise<IteratorResult<WatchEvent>> {
    this.isOver = true;
    this.onEnd();
    this.wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  private wake(): void {
    const { waiting } = this;
    const event = this.events[0];
    if (waiting === undefined || (event === undefined && this.failure === undefined && !this.isOver)) return;
    this.waiting = undefined;
    if (this.isOver) waiting.resolve({ done: true, value: undefined });
    else if (this.failure !== undefined) waiting.reject(this.failure);
    else waiting.resolve({ done: false, value: this.events.shift() as WatchEvent });
  }
}
