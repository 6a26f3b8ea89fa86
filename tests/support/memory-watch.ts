import { KvsError } from '../../src/core/errors.js';
import type { Line } from '../../src/ports/lines.js';
import type { Watch, WatchEvent } from '../../src/ports/watch.js';

/** A change as the log keeps it. */
interface Noted {
  readonly kind: 'insert' | 'remove' | 'expire';
  readonly line: Line;
}

/** How often a watch that waits looks for what has expired meanwhile. */
const LOOK_MS = 10;

const TOKEN = /^unico\.([0-9]{1,15})$/;

/** What a watch needs of the store. */
interface Watched {
  /** Every version that is there, oldest first for each key. */
  present(): readonly Line[];
  /** Notes what has expired by now. */
  sweep(): void;
}

/** The changes of an engine in memory, in one order, and those who watch them. A token is a place in that order. */
export class MemoryWatchLog {
  /** The last so many changes are kept. */
  keep = Infinity;
  #noted: Noted[] = [];
  /** How many changes have been forgotten. */
  #base = 0;
  readonly #streams = new Set<MemoryWatch>();

  constructor(private readonly watched: Watched) {}

  /** Watches under way. */
  get watching(): number {
    return this.#streams.size;
  }

  note(kind: Noted['kind'], line: Line): void {
    this.#noted.push({ kind, line });
    if (this.#noted.length > this.keep) this.#forget(this.#noted.length - this.keep);
    for (const stream of this.#streams) stream.wake();
  }

  /** Forgets the past, as a server does that keeps a bounded part of it. */
  forgetPast(): void {
    this.#forget(this.#noted.length);
  }

  /** Ends every watch with an error: SERVIDOR_SAINDO, as an engine does that stops. */
  endAll(error = new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro')): void {
    for (const stream of [...this.#streams]) stream.fail(error);
  }

  watch(scan: Watch): AsyncIterable<WatchEvent> {
    const stream = new MemoryWatch(this, scan, this.watched);
    this.#streams.add(stream);
    return { [Symbol.asyncIterator]: () => stream };
  }

  get end(): number {
    return this.#base + this.#noted.length;
  }

  has(place: number): boolean {
    return place >= this.#base && place <= this.end;
  }

  at(place: number): Noted | undefined {
    return this.#noted[place - this.#base];
  }

  closed(stream: MemoryWatch): void {
    this.#streams.delete(stream);
  }

  #forget(count: number): void {
    this.#noted = this.#noted.slice(count);
    this.#base += count;
  }
}

/** One watch: what it has yet to say at its beginning, then a place in the log. */
class MemoryWatch implements AsyncIterator<WatchEvent> {
  readonly #first: WatchEvent[] = [];
  #place: number;
  #waiting: ((step: IteratorResult<WatchEvent> | Promise<never>) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended: KvsError | 'left' | undefined;

  constructor(
    private readonly log: MemoryWatchLog,
    private readonly scan: Watch,
    private readonly watched: Watched,
  ) {
    watched.sweep();
    this.#place = log.end;
    const { from } = scan;
    if (typeof from === 'string') {
      this.#begin(from === 'everything');
      return;
    }
    const place = Number(TOKEN.exec(from.token)?.[1] ?? -1);
    if (log.has(place)) {
      this.#place = place;
    } else {
      this.#first.push({ kind: 'restart', token: 'unico.-' });
      this.#begin(true);
    }
  }

  next(): Promise<IteratorResult<WatchEvent>> {
    this.watched.sweep();
    const step = this.#step();
    if (step !== undefined) return step instanceof KvsError ? Promise.reject(step) : Promise.resolve(step);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#timer = setInterval(() => this.watched.sweep(), LOOK_MS);
    });
  }

  return(): Promise<IteratorResult<WatchEvent>> {
    this.#end('left');
    return Promise.resolve(DONE);
  }

  fail(error: KvsError): void {
    this.#end(error);
  }

  wake(): void {
    if (this.#waiting === undefined) return;
    const step = this.#step();
    if (step === undefined) return;
    clearInterval(this.#timer);
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve(step instanceof KvsError ? Promise.reject(step) : step);
  }

  #end(reason: KvsError | 'left'): void {
    this.#ended ??= reason;
    this.log.closed(this);
    this.wake();
  }

  #step(): IteratorResult<WatchEvent> | KvsError | undefined {
    const ended = this.#ended;
    if (ended !== undefined) {
      // An error is told once, as by a generator.
      this.#ended = 'left';
      return ended === 'left' ? DONE : ended;
    }
    const first = this.#first.shift();
    if (first !== undefined) return { done: false, value: first };
    if (!this.log.has(this.#place)) {
      this.#ended = 'left';
      this.log.closed(this);
      return new KvsError('LEITOR_LENTO', 'o leitor ficou para trás do que é guardado');
    }
    for (let noted = this.log.at(this.#place); noted !== undefined; noted = this.log.at(this.#place)) {
      this.#place++;
      if (this.#isOfInterest(noted.line)) {
        return { done: false, value: { ...noted, token: tokenOf(this.#place) } };
      }
    }
    if (this.#saidUpToDate) return undefined;
    this.#saidUpToDate = true;
    return { done: false, value: { kind: 'upToDate', token: tokenOf(this.#place) } };
  }

  #saidUpToDate = false;

  #begin(withPresent: boolean): void {
    if (!withPresent) return;
    for (const line of this.watched.present()) {
      if (this.#isOfInterest(line)) this.#first.push({ kind: 'present', line });
    }
    // What is written while these are read comes after.
    this.#first.push({ kind: 'upToDate', token: tokenOf(this.#place) });
    this.#saidUpToDate = true;
  }

  #isOfInterest({ key }: Line): boolean {
    const { key: only, prefix = '' } = this.scan;
    return only === undefined ? key.startsWith(prefix) : key === only;
  }
}

const DONE: IteratorResult<WatchEvent> = { done: true, value: undefined };

function tokenOf(place: number): string {
  return `unico.${place}`;
}
