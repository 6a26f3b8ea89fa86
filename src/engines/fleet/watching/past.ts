import { NO_ENTRIES, type Origin, type VectorEntries } from '../../../core/dot.js';
import { Frontier } from '../../../core/frontier.js';
import type { Mutation } from '../../../core/mutation.js';
import type { RemovedRows } from '../../../core/removed-rows.js';
import type { LoggedBatch, RecentLog } from '../replication/log.js';
import type { Outbox } from '../replication/outbox.js';
import type { FleetTuning } from '../replication/tuning.js';
import { othersOf, ToldMoment } from './moment.js';
import { Removals } from './removals.js';

/** The log with the batch that is open at its end. */
interface PastDeps {
  readonly self: Origin;
  readonly log: RecentLog;
  readonly outbox: Outbox;
  readonly tuning: Pick<FleetTuning, 'watchRemovedBytes' | 'watchMarkBatches' | 'watchMarkDots'>;
  /** The causal frontier of the store. */
  readonly frontier: () => VectorEntries;
}

/** A place in the log: everything before it was told. */
export interface LogPlace {
  readonly position: number;
  /** The next seq to tell of the batch there; any smaller one stands for its beginning. */
  readonly seq: number;
}

/** A batch of the log, and its mutations when they are asked for. */
export interface PastBatch extends LoggedBatch {
  read(): { readonly first: number; readonly mutations: readonly Mutation[] };
}

/** Dots that imply everything before a position. */
interface PastMark {
  readonly position: number;
  readonly dots: VectorEntries;
}

/** From where a watch goes on: `has` is, of each origin, the last seq that it has told. */
export interface Resumption {
  readonly position: number;
  readonly has: Map<Origin, number>;
}

/**
 * What this server can still tell watches of the past: its log, and what the removals in it removed. What it has
 * forgotten is a prefix of the order in which it applied mutations, which is causally closed, so a frontier stands for it.
 */
export class Past {
  private readonly removals = new Removals();
  private first = 0;
  private forgotten = Frontier.of([]);
  /** The last seq of the batch before {@link first}. */
  private lastForgotten = 0;
  /** The frontier of everything before some positions, ascending. */
  private marks: PastMark[] = [];
  private nextMark = 0;
  /** What the mutations removed that were applied last, by their seq. */
  private pending = new Map<number, RemovedRows>();

  constructor(private readonly deps: PastDeps) {
    deps.log.onForget = (position) => this.forgetTo(position + 1);
  }

  /** The place after everything that was applied here. */
  get end(): LogPlace {
    const { log, outbox } = this.deps;
    const { opened } = outbox;
    return { position: log.position, seq: opened === undefined ? 0 : opened.first + opened.mutations.length };
  }

  /**
   * Whether something after a place cannot be told any more.
   * @param has of each origin what was told, also after the place; absent: nothing
   */
  hasForgotten({ position, seq }: LogPlace, has: ReadonlyMap<Origin, number> | undefined): boolean {
    // The end of a batch is a place in it until the next one begins.
    const isEnd = position === this.first - 1 && seq > this.lastForgotten;
    return position < this.first && !isEnd && !(has && this.hasToldForgotten(has));
  }

  /** The same place, in a batch that can still be told. */
  afterForgotten(place: LogPlace): LogPlace {
    return place.position < this.first ? { position: this.first, seq: 0 } : place;
  }

  /** Whether nothing lies after a place. */
  isEnd({ position, seq }: LogPlace): boolean {
    const { end } = this;
    return position === end.position && seq >= end.seq;
  }

  /** To be called when a mutation was applied, before {@link noted}. */
  noteRemoved(seq: number, rows: RemovedRows): void {
    this.pending.set(seq, rows);
  }

  /**
   * To be called when what was applied is in the log at this position, or in the batch that will be.
   * @returns what each mutation removed, by its seq: it may be too much to be kept
   */
  noted(position: number): ReadonlyMap<number, RemovedRows> {
    const { pending, removals, deps } = this;
    if (position >= this.nextMark) this.mark(position);
    if (pending.size === 0) return pending;
    this.pending = new Map();
    for (const [seq, rows] of pending) removals.note(position, seq, rows);
    while (removals.bytes > deps.tuning.watchRemovedBytes) {
      // The open batch can only be forgotten once it is a whole one.
      if (position === deps.log.position) deps.outbox.close();
      this.forgetTo((removals.oldest as number) + 1);
    }
    return pending;
  }

  /** To be called when a state was joined: what was applied before it is told no more. */
  joined(): void {
    this.pending = new Map();
    this.first = this.deps.log.position;
    this.lastForgotten = Infinity;
    this.forgotten = Frontier.of(this.deps.frontier());
    this.forgetNotes();
  }

  removedBy(position: number, seq: number): RemovedRows | undefined {
    return this.removals.of(position, seq);
  }

  /** The batch at a position that can still be told; `undefined` at the end. */
  batchAt(position: number): PastBatch | undefined {
    const { self, log, outbox } = this.deps;
    if (position < log.position) return { ...log.batchAt(position), read: () => log.unpackAt(position) };
    const { opened } = outbox;
    if (position > log.position || opened === undefined) return undefined;
    const { first, dependencies, mutations } = opened;
    return {
      ...{ origin: self, from: first, last: first + mutations.length - 1, dependencies },
      read: () => opened,
    };
  }

  /**
   * Finds from where a watch goes on that has told a causally closed set of mutations.
   * @param frontier of that set, all of which was applied here
   * @returns `undefined` if it has not told everything that is forgotten here
   *
   * Walks the log backwards. What was told is known of each batch once all batches after it were looked at: a mutation that
   * is told is in the frontier, or among the causes of one that was applied after it and is told.
   */
  resume(frontier: VectorEntries): Resumption | undefined {
    const has = new Map<Origin, number>();
    const note = (entries: VectorEntries): void => {
      for (const [origin, seq] of entries) if (seq > (has.get(origin) ?? 0)) has.set(origin, seq);
    };
    note(frontier);
    const { log } = this.deps;
    const marks = [...this.marks];
    let { position } = this.end;
    const opened = this.batchAt(position);
    if (opened && (has.get(opened.origin) ?? 0) >= opened.from) note(opened.dependencies);
    for (let at = position - 1; at >= this.first; at--) {
      const { origin, from, last } = log.headAt(at);
      const told = has.get(origin) ?? 0;
      if (told < last) position = at;
      if (told >= from) note(log.batchAt(at).dependencies);
      while ((marks.at(-1)?.position ?? -1) > at) marks.pop();
      // Whoever was told every last dot of what is before was told all of that: as below.
      if (marks.at(-1)?.position === at && coversAll(has, marks.pop()?.dots)) return { position, has };
    }
    // Of the forgotten prefix it must have told every last dot, and each of those is named as above, if it was told.
    return this.hasToldForgotten(has) ? { position, has } : undefined;
  }

  private hasToldForgotten(has: ReadonlyMap<Origin, number>): boolean {
    return coversAll(has, this.forgotten.entries());
  }

  private forgetTo(position: number): void {
    for (; this.first < position; this.first++) {
      const { origin, last, dependencies } = this.deps.log.batchAt(this.first);
      this.forgotten.applied(origin, last, dependencies);
      this.lastForgotten = last;
    }
    this.forgetNotes();
  }

  private forgetNotes(): void {
    this.removals.forgetBefore(this.first);
    const kept = this.marks.findIndex(({ position }) => position >= this.first);
    if (kept !== 0) this.marks = kept < 0 ? [] : this.marks.slice(kept);
  }

  /** Notes the frontier of everything before the batch that was just applied, or begun. */
  private mark(position: number): void {
    const { tuning, frontier } = this.deps;
    this.nextMark = position + tuning.watchMarkBatches;
    const batch = this.batchAt(position);
    if (batch === undefined) return;
    const { origin, from, dependencies } = batch;
    const others = othersOf(frontier(), origin, tuning.watchMarkDots);
    const dots = new ToldMoment(origin, others, from, dependencies).before(from);
    if (dots) this.marks.push({ position, dots });
  }
}

function coversAll(has: ReadonlyMap<Origin, number>, dots: VectorEntries = NO_ENTRIES): boolean {
  return dots.every(([origin, seq]) => (has.get(origin) ?? 0) >= seq);
}
