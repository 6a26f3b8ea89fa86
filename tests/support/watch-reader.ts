import type { Engine } from '../../src/ports/engine.js';
import type { Watch, WatchEvent } from '../../src/ports/watch.js';
import { within } from './within.js';

/** How long an event may take on a busy machine. */
const PATIENCE_MS = 20_000;

/** Reads a watch event by event. */
export class WatchReader {
  readonly #iterator: AsyncIterator<WatchEvent | undefined>;
  /** All that was read. */
  readonly events: WatchEvent[] = [];
  #pending: Promise<IteratorResult<WatchEvent | undefined>> | undefined;

  constructor(engine: Engine, scan: Omit<Watch, 'kind'>) {
    const rows = engine.scan({ kind: 'watch', ...scan });
    if (!(Symbol.asyncIterator in rows)) throw new Error('a watch that does not wait');
    this.#iterator = rows[Symbol.asyncIterator]();
  }

  /** The token to go on from. */
  get token(): string {
    const token = this.events.findLast((event) => event.token !== undefined)?.token;
    if (token === undefined) throw new Error('no token yet');
    return token;
  }

  /** The next event; `undefined` if the watch is over. */
  async next(): Promise<WatchEvent | undefined> {
    for (;;) {
      const pending = (this.#pending ??= this.#iterator.next());
      const step = await within(PATIENCE_MS, 'an event of a watch', pending);
      this.#pending = undefined;
      if (step.done === true) return undefined;
      if (step.value === undefined) continue;
      this.events.push(step.value);
      return step.value;
    }
  }

  /** The next so many events. Marks of a quiet watch are skipped, unless they are what is waited for. */
  async take(count: number): Promise<WatchEvent[]> {
    const taken: WatchEvent[] = [];
    while (taken.length < count) {
      const event = await this.next();
      if (event === undefined) throw new Error(`the watch ended after ${taken.length} of ${count} events`);
      if (event.kind !== 'upToDate') taken.push(event);
    }
    return taken;
  }

  /** All events up to the first that says that the watch is up to date, without that one. */
  async untilUpToDate(): Promise<WatchEvent[]> {
    const taken: WatchEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event === undefined) throw new Error('the watch ended before it was up to date');
      if (event.kind === 'upToDate') return taken;
      taken.push(event);
    }
  }

  /** Whether the next event is still to come, a turn of the event loop from now. */
  async waits(): Promise<boolean> {
    let isThere = false;
    const pending = (this.#pending ??= this.#iterator.next());
    const done = (): void => {
      isThere = true;
    };
    pending.then(done, done);
    await new Promise((resolve) => setImmediate(resolve));
    return !isThere;
  }

  /** Leaves, also while it waits for an event. */
  async leave(): Promise<void> {
    await within(PATIENCE_MS, 'the end of a watch', Promise.resolve(this.#iterator.return?.()));
  }
}
