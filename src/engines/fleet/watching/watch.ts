import { raise, type Origin, type VectorEntries } from '../../../core/dot.js';
import { KvsError } from '../../../core/errors.js';
import { Frontier } from '../../../core/frontier.js';
import type { Store } from '../../../core/store.js';
import type { WatchEvent } from '../../../ports/watch.js';
import type { FleetTuning } from '../replication/tuning.js';
import type { WatchCounts } from '../../watching/counts.js';
import { concerns, type Interest } from '../../watching/interests.js';
import { eventCount, presentEvent, type Applied, type LineFacts } from '../../watching/mutation-events.js';
import { PresentLines } from '../../watching/present.js';
import { PAUSE, WatchStream, type EventSource, type NextEvent } from '../../watching/stream.js';
import type { WalkTurns } from '../../watching/walks.js';
import { ToldMoment, othersOf } from './moment.js';
import type { LogPlace, Past, PastBatch, Resumption } from './past.js';
import { Telling } from './telling.js';
import { WatchQueue, type QueueRoom, type Waiting } from './queue.js';
import type { ToldPart } from './token.js';

/** What the watches of a server share. */
export interface WatchShared {
  readonly store: Store;
  readonly past: Past;
  readonly turns: WalkTurns;
  readonly room: QueueRoom;
  readonly tuning: FleetTuning;
  readonly facts: LineFacts;
  /** The causal frontier of the store. */
  readonly frontier: () => VectorEntries;
  /** Encodes a place; the token says to start over if none so short can be made. */
  readonly token: (entries: VectorEntries | undefined, parts: readonly ToldPart[]) => string;
  readonly startOver: string;
  readonly counts: WatchCounts;
}

/**
 * One watch: a reader's place in the order in which this server applied mutations.
 *
 *     token ─► resuming ─┬─────────► behind ⇄ live
 *                        └► restart ─┐  ▲
 *     everything ─────────────► present ┘
 *     now ─────────────────────────────────► live
 *
 * A live watch is told each mutation of its interest as it is applied, into a short queue. What does not fit any more
 * stays in the log, and is read from there when the reader comes.
 */
export class FleetWatch implements EventSource {
  readonly stream = new WatchStream(this);
  private readonly queue: WatchQueue;
  private telling: Telling | undefined;
  /** Events that come before everything that waits. */
  private firsts: WatchEvent[] = [];
  private present: PresentLines | undefined;
  /** The place after which a watch that is behind goes on; `undefined`: it is live, or has not begun. */
  private place: LogPlace | undefined;
  /** While it is behind: the frontier of what is told before that place; `undefined`: too long for any token. */
  private told: Frontier | undefined;
  /** Where it goes on from a token: of each origin, what is told, also after the place. */
  private has: Map<Origin, number> | undefined;
  private parts: readonly ToldPart[] = [];
  private isLive = false;
  /** Whether it says that it is up to date as soon as it is. */
  private owesUpToDate = false;
  private saidUpToDate = false;
  private lastToken: string | undefined;
  /** When it last had something to tell, and when its reader last took something, monotonic ms. */
  toldMs: number;
  takenMs: number;

  constructor(
    readonly interest: Interest,
    private readonly shared: WatchShared,
    private readonly nowMs: () => number,
    private readonly onClosed: () => void,
  ) {
    this.queue = new WatchQueue(shared.room, shared.tuning);
    this.toldMs = this.takenMs = nowMs();
  }

  get counts(): WatchCounts {
    return this.shared.counts;
  }

  // ── how it begins ──────────────────────────────────────────────────────────────────────────────────────────────

  beginNow(): void {
    this.isLive = true;
    this.owesUpToDate = true;
    this.stream.wake();
  }

  beginPresent(): void {
    this.present = this.presentLines();
    this.stream.wake();
  }

  /** All that it was told is void: it says so, and begins with what is there. */
  restart(): void {
    this.forget();
    this.firsts = [{ kind: 'restart', token: this.shared.startOver }];
    this.beginPresent();
  }

  /** Goes on after what it was told: a causally closed set of mutations with this frontier, and parts of others. */
  resume(frontier: VectorEntries, parts: readonly ToldPart[], { position, has }: Resumption): void {
    this.told = Frontier.of(frontier);
    this.has = has;
    this.parts = parts.filter(({ of }) => (has.get(of.origin) ?? 0) < of.seq);
    this.place = { position, seq: 0 };
    this.owesUpToDate = true;
    this.stream.wake();
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────────────────────────

  /** A mutation of its interest was applied. @param position of its batch in the log */
  applied(applied: Applied, moment: ToldMoment, position: number): void {
    if (!this.isLive) return;
    const bytes = WatchQueue.bytesOf(applied);
    if (this.queue.fits(bytes)) {
      this.queue.push({ applied, moment, bytes });
      this.stream.wake();
      return;
    }
    this.isLive = false;
    this.place = { position, seq: applied.seq };
    const before = moment.before(applied.seq);
    this.told = before && Frontier.of(before);
  }

  /** It has had nothing to tell for long: it says where it is, if that is elsewhere. */
  quiet(): void {
    this.toldMs = this.nowMs();
    if (!this.isLive || this.queue.length > 0) return;
    this.owesUpToDate = true;
    this.stream.wake();
  }

  /** Whether it knows where it begins. */
  get hasBegun(): boolean {
    return this.isLive || this.place !== undefined || this.present !== undefined;
  }

  /** Whether its reader takes nothing, and keeps others waiting or has lost its place in the log. */
  isStuck(): boolean {
    if (this.nowMs() - this.takenMs < this.shared.tuning.watchWalkIdleMs) return false;
    return this.present?.isWalking === true || this.hasLostPlace;
  }

  // ── what its reader takes ──────────────────────────────────────────────────────────────────────────────────────

  take(): NextEvent {
    this.takenMs = this.nowMs();
    for (;;) {
      const first = this.firsts.shift();
      if (first) return this.tell(first);
      if (this.telling) return this.tellNext(this.telling);
      const waiting = this.queue.shift();
      if (waiting) {
        this.beginTelling(waiting);
        continue;
      }
      const next = this.present
        ? this.takePresent(this.present)
        : this.isLive
          ? this.upToDate()
          : this.catchUp();
      if (next !== 'again') return next;
    }
  }

  closed(): void {
    this.forget();
    this.onClosed();
  }

  private forget(): void {
    this.present?.close();
    this.present = undefined;
    this.queue.clear();
    this.telling = undefined;
    this.firsts = [];
    this.place = undefined;
    this.told = undefined;
    this.has = undefined;
    this.parts = [];
    this.isLive = false;
    this.owesUpToDate = false;
  }

  private tell(event: WatchEvent): WatchEvent {
    this.toldMs = this.takenMs;
    if (event.token !== undefined) this.lastToken = event.token;
    return event;
  }

  private beginTelling(waiting: Waiting): void {
    const { origin, seq } = waiting.applied;
    const part = this.parts.find(({ of }) => of.origin === origin && of.seq === seq);
    if (part) this.parts = this.parts.filter((other) => other !== part);
    const telling = new Telling(waiting, part, this.shared);
    if (!telling.isOver) this.telling = telling;
  }

  private tellNext(telling: Telling): WatchEvent {
    const event = telling.next(this.parts);
    if (telling.isOver) this.telling = undefined;
    return this.tell(event);
  }

  private upToDate(): NextEvent {
    if (!this.owesUpToDate) return undefined;
    this.owesUpToDate = false;
    const { token, frontier, tuning } = this.shared;
    const entries = frontier();
    const text = token(entries.length > tuning.watchTokenDots ? undefined : entries, this.parts);
    // Said again only for the sake of another token.
    return text === this.lastToken && this.saidUpToDate ? undefined : this.sayUpToDate(text);
  }

  private sayUpToDate(token: string): WatchEvent {
    this.saidUpToDate = true;
    return this.tell({ kind: 'upToDate', token });
  }

  // ── the state it begins with ───────────────────────────────────────────────────────────────────────────────────

  private presentLines(): PresentLines {
    const { store, turns, tuning, past, frontier } = this.shared;
    const wake = (): void => this.stream.wake();
    const onMoment = (): void => {
      this.place = past.end;
      const entries = frontier();
      this.told = entries.length > tuning.watchTokenDots ? undefined : Frontier.of(entries);
    };
    return new PresentLines({ store, turns, tuning, interest: this.interest, wake, onMoment });
  }

  private takePresent(present: PresentLines): NextEvent {
    const line = this.nextLine(present);
    if (line === PAUSE || line === undefined) return line;
    if (line !== 'done') return this.tell(presentEvent(line, this.shared.facts));
    this.present = undefined;
    return this.sayUpToDate(this.shared.token(this.told?.entries(), this.parts));
  }

  private nextLine(present: PresentLines): ReturnType<PresentLines['next']> {
    try {
      return present.next();
    } catch (error) {
      if (error instanceof KvsError && error.code === 'LEITURA_VENCIDA') throw tooSlow();
      throw error;
    }
  }

  // ── catching up ────────────────────────────────────────────────────────────────────────────────────────────────

  private get hasLostPlace(): boolean {
    return this.place !== undefined && this.shared.past.hasForgotten(this.place, this.has);
  }

  /** Takes what comes next from the log into the queue. */
  private catchUp(): NextEvent | 'again' {
    const { past, tuning } = this.shared;
    if (this.place === undefined) return undefined;
    if (this.hasLostPlace) throw tooSlow();
    this.place = past.afterForgotten(this.place);
    for (let passed = 0; ;) {
      if (past.isEnd(this.place)) {
        if (this.queue.length > 0) return 'again';
        this.becomeLive();
        return 'again';
      }
      const batch = past.batchAt(this.place.position);
      if (batch === undefined) throw new Error('the place of a watch is beyond the log');
      passed += this.readBatch(batch, this.place);
      if (this.queue.length >= tuning.watchFillEvents || this.place.seq > 0) return 'again';
      if (passed >= tuning.watchMutationsPerTurn) return this.queue.length > 0 ? 'again' : PAUSE;
    }
  }

  /** Takes what is of interest in a batch, or a part of it. @returns how many mutations were looked at */
  private readBatch(batch: PastBatch, { position, seq }: LogPlace): number {
    const { past } = this.shared;
    const { origin, from, last, dependencies } = batch;
    const first = Math.max(from, seq, (this.has?.get(origin) ?? 0) + 1);
    if (first > last) {
      this.passBatch(batch, position);
      return 1;
    }
    const moment = new ToldMoment(origin, this.othersOnce(batch), from, dependencies);
    const { first: begin, mutations } = batch.read();
    for (let at = first; at <= last; at++) {
      const mutation = mutations[at - begin];
      if (mutation === undefined || mutation.kind === 'raiseFloor') continue;
      if (!concerns(this.interest, mutation.key)) continue;
      const applied = { origin, seq: at, mutation, removed: past.removedBy(position, at) };
      if (eventCount(applied) === 0) continue;
      const bytes = WatchQueue.bytesOf(applied);
      if (this.queue.length > 0 && (this.isFilled || !this.queue.fits(bytes))) {
        this.place = { position, seq: at };
        return at - first + 1;
      }
      this.queue.push({ applied, moment, bytes });
    }
    this.passBatch(batch, position);
    return last - first + 1;
  }

  private get isFilled(): boolean {
    return this.queue.length >= this.shared.tuning.watchFillEvents;
  }

  /** Everything of this batch is told, or waits for its reader. */
  private passBatch({ origin, last }: PastBatch, position: number): void {
    if (this.has) raise(this.has, origin, last);
    const isOpen = position === this.shared.past.end.position;
    this.place = isOpen ? { position, seq: last + 1 } : { position: position + 1, seq: 0 };
  }

  /** The frontier of what is told once the batch has begun, but for its origin. */
  private othersOnce({ origin, from, last, dependencies }: PastBatch): VectorEntries | undefined {
    const { told } = this;
    // Nothing of it is told yet that a token could not name: see `ToldMoment`.
    told?.applied(origin, Math.max(last, from), dependencies);
    return told && othersOf(told.entries(), origin, this.shared.tuning.watchTokenDots);
  }

  private becomeLive(): void {
    this.isLive = true;
    this.place = undefined;
    this.told = undefined;
    this.has = undefined;
  }
}

/** The error for a reader that is behind what this server can still tell. */
export function tooSlow(): KvsError {
  return new KvsError(
    'LEITOR_LENTO',
    'quem observa ficou para trás do que este servidor guarda; continue do último ponto recebido, lendo mais depressa',
  );
}
