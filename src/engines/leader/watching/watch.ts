import { KvsError } from '../../../core/errors.js';
import type { Store } from '../../../core/store.js';
import type { WatchEvent } from '../../../ports/watch.js';
import type { WatchCounts } from '../../watching/counts.js';
import { concerns, type Interest } from '../../watching/interests.js';
import { watchLimits } from '../../watching/limits.js';
import {
  cutAfter,
  eventCount,
  eventOf,
  firstAfter,
  presentEvent,
  type Applied,
  type Cut,
  type LineFacts,
} from '../../watching/mutation-events.js';
import { PresentLines } from '../../watching/present.js';
import { PAUSE, WatchStream, type EventSource, type NextEvent } from '../../watching/stream.js';
import type { WalkTurns } from '../../watching/walks.js';
import type { RecentOrder } from './recent-order.js';
import { encodeOrderPlace, orderStartOver, type OrderPlace } from './token.js';

/** What the watches of a server share. */
export interface OrderShared {
  readonly store: Store;
  readonly order: RecentOrder;
  readonly turns: WalkTurns;
  readonly facts: LineFacts;
  /** Names the system in tokens. */
  readonly system: string;
  /** Resolves when all that is applied now may be shown; `undefined` if it may. Rejects with SEM_CONFIRMACAO. */
  readonly visible: () => Promise<void> | undefined;
  readonly nowMs: () => number;
  readonly counts: WatchCounts;
}

/**
 * One watch: a reader's position in the one order of all mutations. A live watch is told where the mutations of its
 * interest are as they are shown; one that does not read falls behind, and reads the order itself when its reader comes.
 */
export class LeaderWatch implements EventSource {
  readonly stream = new WatchStream(this);
  private firsts: WatchEvent[] = [];
  private present: PresentLines | undefined;
  /** While it is set, the state that was read may not be shown yet. */
  private gate: Promise<void> | undefined;
  /** Positions of mutations of interest, in order; while it is live. */
  private waiting: number[] = [];
  private isLive = false;
  /** While it is behind: where it goes on. */
  private position: number | undefined;
  private telling: { readonly applied: Applied; readonly position: number; index: number } | undefined;
  /** A mutation of which its reader has had a part. */
  private part: { readonly position: number; readonly cut: Cut } | undefined;
  private owesUpToDate = false;
  private saidUpToDate = false;
  private lastToken: string | undefined;
  /** When it last had something to tell, and when its reader last took something, monotonic ms. */
  toldMs: number;
  private takenMs: number;

  constructor(
    readonly interest: Interest,
    private readonly shared: OrderShared,
    private readonly onClosed: () => void,
  ) {
    this.toldMs = this.takenMs = shared.nowMs();
  }

  get counts(): WatchCounts {
    return this.shared.counts;
  }

  // ── how it begins ──────────────────────────────────────────────────────────────────────────────────────────────

  /** @param cut the last event told of the mutation at this position */
  begin(position: number, cut?: Cut): void {
    this.position = position;
    this.part = cut && { position, cut };
    this.owesUpToDate = true;
    this.stream.wake();
  }

  beginPresent(): void {
    const { store, turns, order, visible } = this.shared;
    this.present = new PresentLines({
      ...{ store, turns, tuning: watchLimits, interest: this.interest },
      wake: () => this.stream.wake(),
      onMoment: () => {
        this.position = order.appliedEnd;
        this.wait(visible());
      },
    });
    this.stream.wake();
  }

  /** All that it was told is void: it says so, and begins with what is there. */
  restart(): void {
    this.forget();
    this.firsts = [{ kind: 'restart', token: orderStartOver(this.shared.system) }];
    this.beginPresent();
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────────────────────────

  /** A mutation of its interest is shown. */
  shown(position: number): void {
    if (!this.isLive) return;
    if (this.waiting.length < watchLimits.watchQueueEvents) {
      this.waiting.push(position);
      this.stream.wake();
      return;
    }
    this.isLive = false;
    this.position = position;
  }

  /** It has had nothing to tell for long: it says where it is, if that is elsewhere. */
  quiet(): void {
    this.toldMs = this.shared.nowMs();
    if (!this.isLive || this.waiting.length > 0) return;
    this.owesUpToDate = true;
    this.stream.wake();
  }

  /** Whether it knows where it begins. */
  get hasBegun(): boolean {
    return this.isLive || this.position !== undefined || this.present !== undefined;
  }

  /** Whether its reader takes nothing, and keeps others waiting or has lost its position. */
  isStuck(): boolean {
    if (this.shared.nowMs() - this.takenMs < watchLimits.watchWalkIdleMs) return false;
    return this.present?.isWalking === true || this.hasLostPosition;
  }

  // ── what its reader takes ──────────────────────────────────────────────────────────────────────────────────────

  take(): NextEvent {
    this.takenMs = this.shared.nowMs();
    for (;;) {
      if (this.gate) return undefined;
      const first = this.firsts.shift();
      if (first) return this.tell(first);
      if (this.telling) return this.tellNext(this.telling);
      if (this.present) {
        const next = this.takePresent(this.present);
        if (this.firsts.length === 0) return next;
        continue;
      }
      const position = this.waiting.shift() ?? this.search();
      if (typeof position !== 'number') return position === 'end' ? this.upToDate() : position;
      this.beginTelling(position);
    }
  }

  closed(): void {
    this.forget();
    this.onClosed();
  }

  private forget(): void {
    this.present?.close();
    this.present = this.gate = this.telling = this.part = this.position = undefined;
    this.firsts = [];
    this.waiting = [];
    this.isLive = this.owesUpToDate = false;
  }

  private tell(event: WatchEvent): WatchEvent {
    this.toldMs = this.takenMs;
    this.lastToken = event.token ?? this.lastToken;
    return event;
  }

  private beginTelling(position: number): void {
    const applied = this.shared.order.at(position);
    if (applied === undefined) throw tooFarBehind();
    const index = this.part?.position === position ? firstAfter(applied, this.part.cut) : 0;
    if (index < eventCount(applied)) this.telling = { applied, position, index };
  }

  private tellNext(telling: NonNullable<LeaderWatch['telling']>): WatchEvent {
    const { order, facts } = this.shared;
    const { applied, position } = telling;
    const index = telling.index++;
    const isLast = telling.index === eventCount(applied);
    if (isLast) this.telling = undefined;
    const cut = isLast ? undefined : cutAfter(applied, index);
    const place =
      isLast || cut === undefined ? order.placeAt(position + 1) : { ...order.placeAt(position), cut };
    return this.tell({ ...eventOf(applied, index, facts), token: this.tokenOf(place) });
  }

  private upToDate(): NextEvent {
    if (!this.owesUpToDate) return undefined;
    this.owesUpToDate = false;
    const token = this.tokenOf(this.endPlace());
    // Said again only for the sake of another token.
    if (token === this.lastToken && this.saidUpToDate) return undefined;
    this.saidUpToDate = true;
    return this.tell({ kind: 'upToDate', token });
  }

  /** The end of the order, or the part that was told of what comes there. */
  private endPlace(): OrderPlace {
    const { order } = this.shared;
    const cut = this.part?.position === order.end ? this.part.cut : undefined;
    return { ...order.placeAt(order.end), cut };
  }

  // ── the state it begins with ───────────────────────────────────────────────────────────────────────────────────

  private takePresent(present: PresentLines): NextEvent {
    const line = this.nextLine(present);
    if (line === PAUSE || line === undefined) return line;
    if (line !== 'done') {
      this.firsts.push(presentEvent(line, this.shared.facts));
      return undefined;
    }
    this.present = undefined;
    if (this.hasLostPosition) throw tooFarBehind();
    const token = this.tokenOf(this.shared.order.placeAt(this.position as number));
    this.saidUpToDate = true;
    this.firsts.push({ kind: 'upToDate', token });
    return undefined;
  }

  private nextLine(present: PresentLines): ReturnType<PresentLines['next']> {
    try {
      return present.next();
    } catch (error) {
      if (error instanceof KvsError && error.code === 'LEITURA_VENCIDA') throw tooFarBehind();
      throw error;
    }
  }

  private wait(gate: Promise<void> | undefined): void {
    if (gate === undefined) return;
    this.gate = gate;
    gate.then(
      () => {
        if (this.gate !== gate) return;
        this.gate = undefined;
        this.stream.wake();
      },
      (error: unknown) => {
        if (this.gate === gate) this.stream.fail(error);
      },
    );
  }

  // ── catching up ────────────────────────────────────────────────────────────────────────────────────────────────

  private get hasLostPosition(): boolean {
    const next = this.waiting[0] ?? this.position;
    return next !== undefined && next < this.shared.order.start;
  }

  /** The next position of interest; becomes live at the end. */
  private search(): number | typeof PAUSE | 'end' | undefined {
    const { order } = this.shared;
    if (this.isLive) return 'end';
    if (this.position === undefined) return undefined;
    if (this.hasLostPosition) throw tooFarBehind();
    for (let passed = 0; passed < watchLimits.watchMutationsPerTurn; passed++) {
      const position = this.position;
      const applied = order.at(position);
      if (applied === undefined) {
        this.isLive = true;
        this.position = undefined;
        return 'end';
      }
      this.position++;
      if ('key' in applied.mutation && concerns(this.interest, applied.mutation.key)) return position;
    }
    return PAUSE;
  }

  private tokenOf(place: OrderPlace): string {
    return encodeOrderPlace(this.shared.system, place);
  }
}

/** The error for a reader that is behind what this server can still tell. */
export function tooFarBehind(): KvsError {
  return new KvsError(
    'LEITOR_LENTO',
    'quem observa ficou para trás do que este servidor guarda; continue do último ponto recebido, lendo mais depressa',
  );
}
