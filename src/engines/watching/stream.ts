import { KvsError } from '../../core/errors.js';
import type { WatchEvent } from '../../ports/watch.js';
import type { WatchCounts } from './counts.js';

/** Says that much was passed over without an event, so that the reader may yield to the event loop. */
export const PAUSE = Symbol('pause');

/** What a watch has to tell next: an event, a {@link PAUSE}, or (`undefined`) nothing for now. */
export type NextEvent<E = WatchEvent> = E | typeof PAUSE | undefined;

/** Where the events of one watch come from. */
export interface EventSource<E = WatchEvent> {
  /**
   * Takes the next event. Called only when the reader wants one.
   * @throws KvsError if the watch cannot go on; it is over then
   */
  take(): NextEvent<E>;
  /** Those of its server; absent: nothing is counted. */
  readonly counts?: WatchCounts | undefined;
  /** Called once, when nobody reads any more, or the watch is over. */
  closed(): void;
}

/**
 * The events of a watch as its reader gets them. Written by hand, since a generator that waits for an event cannot be
 * left: {@link return} ends a pending {@link next} at once.
 */
export class WatchStream<E = WatchEvent> implements AsyncIterableIterator<E | undefined> {
  private waiting: Waiting<E> | undefined;
  private isOver = false;
  private failure: { readonly error: unknown } | undefined;
  private taking = false;

  constructor(private readonly source: EventSource<E>) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<E | undefined, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.waiting) {
        reject(new Error('a watch has one reader, which waits for each event'));
        return;
      }
      this.waiting = { resolve, reject };
      this.wake();
    });
  }

  /** The reader has gone. */
  return(): Promise<IteratorResult<E | undefined, undefined>> {
    this.failure = undefined;
    this.end();
    return Promise.resolve(DONE);
  }

  /** To be called when there may be something to take. */
  wake(): void {
    if (this.waiting === undefined || this.taking) return;
    if (this.isOver) {
      this.settleOver();
      return;
    }
    this.taking = true;
    try {
      const next = this.source.take();
      if (next !== undefined) this.settle(next === PAUSE ? undefined : next);
    } catch (error) {
      this.fail(error);
    } finally {
      this.taking = false;
    }
  }

  /** Ends the watch with an error, which the reader gets with its next event or at once if it waits for one. */
  fail(error: unknown): void {
    if (this.isOver) return;
    const { counts } = this.source;
    if (counts !== undefined && error instanceof KvsError && error.code === 'LEITOR_LENTO')
      counts.slowReaders++;
    this.failure = { error };
    this.end();
  }

  private settle(value: E | undefined): void {
    const { waiting } = this;
    this.waiting = undefined;
    const { counts } = this.source;
    if (counts !== undefined && value !== undefined) counts.events++;
    waiting?.resolve({ done: false, value });
  }

  private end(): void {
    if (!this.isOver) {
      this.isOver = true;
      this.source.closed();
    }
    this.settleOver();
  }

  private settleOver(): void {
    const { waiting, failure } = this;
    if (waiting === undefined) return;
    this.waiting = undefined;
    this.failure = undefined;
    if (failure) waiting.reject(failure.error);
    else waiting.resolve(DONE);
  }
}

interface Waiting<E> {
  readonly resolve: (step: IteratorResult<E | undefined, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
