import type { Watch, WatchEvent } from '../../ports/watch.js';
import type { WatchCounts } from '../watching/counts.js';
import { concerns } from '../watching/interests.js';
import { watchLimits } from '../watching/limits.js';
import { WatchStream } from '../watching/stream.js';
import type { EventSource, NextEvent } from '../watching/stream.js';
import { slowReader } from './failures.js';
import type { LogEntry } from './log-entry.js';
import type { LogFollower } from './log-feed.js';
import { LogForgotten, pastEntries } from './log-past.js';
import type { PastStretch } from './log-past.js';
import { decodeLogPlace, encodeLogPlace, LOG_START_OVER } from './log-place.js';
import type { LogsPlace } from './log-place.js';
import { presentRows, ToldState } from './log-present.js';
import type { LogWatchDeps } from './log-watch-deps.js';
import { behind, partitionOf, placeOfKey, stretchOf } from './layout.js';
import { partitionLimits } from './limits.js';

type Batches = AsyncGenerator<readonly WatchEvent[], void>;

const EVERY_PARTITION: readonly number[] = Array.from({ length: partitionLimits.partitions }, (_, p) => p);

interface Held {
  readonly entry: LogEntry;
  readonly before: LogsPlace;
  readonly after: LogsPlace;
}

/**
 * One watch. It begins with a script, which reads what is there or what was missed, and then follows the feed. What waits
 * for its reader is bounded: beyond, it follows no more, and goes on from its place once the reader has read.
 */
export class LogWatch implements EventSource, LogFollower {
  readonly stream = new WatchStream(this);
  readonly key: string | undefined;
  readonly prefix: string | undefined;
  private readonly partition: number | undefined;
  private queue: WatchEvent[] = [];
  private bytes = 0;
  /** What it has still to do before it follows; `undefined`: it follows. */
  private script: Batches | undefined;
  private isWorking = false;
  /** Changes that came while the script was not through; `undefined`: they are not kept for it. */
  private held: Held[] | undefined;
  /** Counts the scripts: what an earlier one does is void. */
  private run = 0;
  private isFollowing = false;
  private isOver = false;
  /** Where it is after everything in the queue. */
  private place: LogsPlace | undefined;
  private saidToken: string | undefined;
  /** When it last had something to tell, and when its reader last took something, monotonic ms. */
  private toldMs: number;
  private takenMs: number;

  constructor(
    { key, prefix, from }: Watch,
    private readonly deps: LogWatchDeps,
  ) {
    this.key = key;
    this.prefix = prefix;
    this.partition = key === undefined ? undefined : partitionOf(key);
    this.toldMs = this.takenMs = deps.time.monotonicMs();
    if (from === 'now') this.script = this.fromNow();
    else if (from === 'everything') this.script = this.present(this.run);
    else {
      const place = decodeLogPlace(from.token);
      this.script = place === undefined ? this.again(this.run) : this.goOn(this.run, place, false);
    }
  }

  get counts(): WatchCounts {
    return this.deps.counts;
  }

  // ── for the reader ─────────────────────────────────────────────────────────────────────────────────────────────

  take(): NextEvent {
    this.takenMs = this.deps.time.monotonicMs();
    const event = this.queue.shift();
    if (event !== undefined) {
      this.account(-bytesOf(event));
      this.toldMs = this.takenMs;
      this.saidToken = event.token ?? this.saidToken;
      return event;
    }
    if (this.script === undefined && !this.isFollowing && this.place !== undefined) {
      this.script = this.goOn(this.run, this.place, true);
    }
    if (this.script !== undefined && !this.isWorking) void this.work(this.script);
    return undefined;
  }

  closed(): void {
    this.isOver = true;
    this.run++;
    this.leave();
    void this.script?.return();
    this.queue = [];
    this.account(-this.bytes);
    this.deps.closed(this);
  }

  /** To be called now and then. */
  looked(nowMs: number, patienceMs: number): void {
    const isWalking = this.script !== undefined && !this.isWorking;
    if (isWalking && nowMs - this.takenMs > watchLimits.watchWalkIdleMs) this.stream.fail(slowReader());
    else if (this.isFollowing && this.script === undefined && nowMs - this.toldMs > patienceMs) this.quiet();
  }

  // ── for the feed ───────────────────────────────────────────────────────────────────────────────────────────────

  changed(entry: LogEntry, before: () => LogsPlace, after: () => LogsPlace): void {
    if (this.held === undefined) {
      this.tell(entry, before, after);
      this.stream.wake();
      return;
    }
    // Where it was is lost once others are told.
    this.held.push({ entry, before: before(), after: after() });
    this.account(entry.bytes);
    if (this.isCrowded(this.held.length)) this.leave();
  }

  lost(): void {
    if (this.isOver) return;
    this.leave();
    void this.script?.return();
    this.queue = [];
    this.account(-this.bytes);
    this.script = this.again(++this.run);
    this.stream.wake();
  }

  failed(error: Error): void {
    this.stream.fail(error);
  }

  // ── what it does before it follows ─────────────────────────────────────────────────────────────────────────────

  private async *fromNow(): Batches {
    await this.deps.feed.reach(this.partition);
    const { place } = this.deps.feed.positions(this.partition);
    this.follow();
    yield [this.upToDate(place)];
  }

  /** All that was told is void. */
  private async *again(run: number): Batches {
    yield [{ kind: 'restart', token: LOG_START_OVER }];
    yield* this.present(run);
  }

  private async *goOn(run: number, from: LogsPlace, isBehind: boolean): Batches {
    const done = await this.deps.inTurn();
    try {
      await this.deps.feed.reach(this.partition);
      if (run === this.run) yield* this.catchUp({ from, told: undefined, done });
      return;
    } catch (error) {
      if (!(error instanceof LogForgotten)) throw error;
      // A reader that did not keep up goes on by itself.
      if (isBehind) throw slowReader();
    } finally {
      done();
    }
    this.leave();
    yield* this.again(run);
  }

  private async *present(run: number): Batches {
    const { feed, cluster, deadline } = this.deps;
    const done = await this.deps.inTurn();
    try {
      await feed.reach(this.partition);
      const start = feed.positions(this.partition);
      const told = new ToldState();
      for await (const page of presentRows(cluster, deadline, this.partitions, this.stretch)) {
        told.note(page);
        const ours = page.lines.filter(({ key }) => concerns(this, key));
        yield ours.map((line) => ({ kind: 'present', line }));
      }
      await feed.reach(this.partition);
      if (run === this.run) yield* this.catchUp({ from: start.place, startAt: start, told, done });
    } catch (error) {
      throw error instanceof LogForgotten ? slowReader() : error;
    } finally {
      done();
    }
  }

  /** Tells what has happened since a place, and then follows. */
  private async *catchUp({
    told,
    done,
    ...stretch
  }: Pick<PastStretch, 'from' | 'startAt'> & {
    readonly told: ToldState | undefined;
    /** Gives the turn back. */
    readonly done: () => void;
  }): Batches {
    const { feed, cluster, deadline } = this.deps;
    const upTo = feed.positions(this.partition);
    this.held = [];
    this.follow();
    const past = pastEntries({ cluster, deadline }, { ...stretch, partitions: this.partitions, upTo });
    for await (const some of past) {
      const events: WatchEvent[] = [];
      for (const { entry, before, after } of some) {
        if (!concerns(this, entry.key)) continue;
        if (entry.isLost) throw new LogForgotten();
        // What the state may not have yet: who goes on from there would be told of the rest of it again.
        if (told === undefined) events.push(...this.eventsOf(entry, before, after, stretch.from));
        else events.push(...entry.events.filter(({ line }) => !told.has(entry.partition, entry.us, line)));
      }
      yield events;
    }
    // A reader may take this, and then nothing for long.
    done();
    yield [this.upToDate(upTo.place)];
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private get partitions(): readonly number[] {
    return this.partition === undefined ? EVERY_PARTITION : [this.partition];
  }

  private get stretch() {
    if (this.key === undefined) return stretchOf({ prefix: this.prefix });
    const place = placeOfKey(this.key);
    return { from: place, to: behind(place) };
  }

  /** Makes ready what comes next. Never rejects. */
  private async work(script: Batches): Promise<void> {
    this.isWorking = true;
    try {
      const step = await script.next();
      if (script === this.script) {
        if (step.done === true) this.release();
        else for (const event of step.value) this.push(event);
      }
    } catch (error) {
      if (script === this.script) this.stream.fail(error);
    }
    this.isWorking = false;
    this.stream.wake();
  }

  /** The script is through. */
  private release(): void {
    this.script = undefined;
    for (const { entry, before, after } of this.takeHeld()) {
      if (this.isFollowing)
        this.tell(
          entry,
          () => before,
          () => after,
        );
    }
  }

  private takeHeld(): readonly Held[] {
    const { held = [] } = this;
    this.held = undefined;
    this.account(-held.reduce((sum, { entry }) => sum + entry.bytes, 0));
    return held;
  }

  private follow(): void {
    if (this.isOver) return;
    this.isFollowing = true;
    this.deps.feed.follow(this);
  }

  private leave(): void {
    this.isFollowing = false;
    this.takeHeld();
    this.deps.feed.drop(this);
  }

  private tell(entry: LogEntry, before: () => LogsPlace, after: () => LogsPlace): void {
    if (entry.isLost) {
      this.lost();
      return;
    }
    for (const event of this.eventsOf(entry, before, after)) this.push(event);
    this.place = after();
    if (this.isCrowded(this.queue.length)) this.leave();
  }

  /** @param from a place in the middle of this entry, perhaps: its first events were told */
  private eventsOf(
    entry: LogEntry,
    before: () => LogsPlace,
    after: () => LogsPlace,
    from?: LogsPlace,
  ): readonly WatchEvent[] {
    const { us, partition, events } = entry;
    const isCut = from !== undefined && from.told > 0 && from.us === us && from.partition === partition;
    return events.slice(isCut ? from.told : 0).map((event, at, { length }) => {
      const told = events.length - length + at + 1;
      const place = told === events.length ? after() : { ...before(), us, partition, told };
      return { ...event, token: encodeLogPlace(place) };
    });
  }

  private upToDate(place: LogsPlace): WatchEvent {
    this.place = place;
    return { kind: 'upToDate', token: encodeLogPlace(place) };
  }

  private quiet(): void {
    this.toldMs = this.deps.time.monotonicMs();
    if (this.queue.length > 0) return;
    const { place } = this.deps.feed.positions(this.partition);
    if (encodeLogPlace(place) === this.saidToken) return;
    this.push(this.upToDate(place));
    this.stream.wake();
  }

  private push(event: WatchEvent): void {
    this.queue.push(event);
    this.account(bytesOf(event));
  }

  private isCrowded(count: number): boolean {
    const { watchQueueEvents, watchQueueBytes } = watchLimits;
    return count > watchQueueEvents || this.bytes > watchQueueBytes || !this.deps.queued(0);
  }

  private account(bytes: number): void {
    this.bytes += bytes;
    this.deps.queued(bytes);
  }
}

function bytesOf({ line }: WatchEvent): number {
  return line === undefined ? 100 : 200 + line.key.length + line.value.length;
}
