import type { Origin, VectorEntries } from '../../../core/dot.js';
import { KvsError } from '../../../core/errors.js';
import { lastSeq, type Batch, type Mutation } from '../../../core/mutation.js';
import type { RemovedRows } from '../../../core/removed-rows.js';
import type { Store } from '../../../core/store.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { Watch, WatchEvent, WatchFigures } from '../../../ports/watch.js';
import { WatchCounts } from '../../watching/counts.js';
import { InterestIndex } from '../../watching/interests.js';
import { eventCount, type Applied, type LineFacts } from '../../watching/mutation-events.js';
import { WalkTurns } from '../../watching/walks.js';
import { aheadOf, SessionWaiters } from '../../session-waiters.js';
import type { Member } from '../replication/member.js';
import type { FleetTuning } from '../replication/tuning.js';
import { ToldMoment, othersOf } from './moment.js';
import { Past } from './past.js';
import {
  decodeWatchToken,
  encodeWatchToken,
  startOverToken,
  type ToldPart,
  type WatchPlace,
} from './token.js';
import { FleetWatch, tooSlow, type WatchShared } from './watch.js';

interface WatchesDeps {
  readonly fleet: string;
  readonly self: Origin;
  readonly store: Store;
  readonly member: Member;
  /** Writes something that has everything here among its causes, so that the frontier is one dot. */
  readonly shorten: () => void;
  readonly time: Time;
  readonly random: Random;
  readonly tuning: FleetTuning;
  readonly isConnected: () => boolean;
  readonly facts: LineFacts;
}

/** The watches of one server. */
export class FleetWatches {
  private readonly index = new InterestIndex<FleetWatch>();
  private readonly open = new Set<FleetWatch>();
  private readonly past: Past;
  private readonly shared: WatchShared;
  private readonly waiters: SessionWaiters;
  /** The moment of the last batch in the log, or of the open one, and its position. */
  private latest: { readonly position: number; readonly moment: ToldMoment } | undefined;
  private isLooking = false;
  private isStopping = false;

  constructor(private readonly deps: WatchesDeps) {
    const { fleet, self, store, member, time, tuning, facts } = deps;
    const { log, outbox, causes, receiver, repair } = member;
    const frontier = (): VectorEntries => causes.frontier.entries();
    const past = (this.past = new Past({ self, log, outbox, tuning, frontier }));
    const token = (entries: VectorEntries | undefined, parts: readonly ToldPart[]): string =>
      this.tokenOf(entries, parts);
    this.shared = {
      ...{ store, past, tuning, facts, frontier, token, startOver: startOverToken(fleet) },
      ...{ turns: new WalkTurns(tuning.watchWalks), room: { bytes: 0 } },
      counts: new WatchCounts(),
    };
    this.waiters = new SessionWaiters(store, time, { sessionWaiters: tuning.watches }, () =>
      repair.suspect(0),
    );
    member.isWanted = () => this.waiters.isWaiting;
    receiver.onApplied = (batch, from) => this.received(batch, from);
    const { onAdvance } = causes;
    causes.onAdvance = (origin) => {
      onAdvance(origin);
      if (origin === undefined) this.joined();
      this.waiters.advanced(origin);
    };
  }

  /** Watches that are open. */
  get count(): number {
    return this.open.size;
  }

  get figures(): WatchFigures {
    const { counts, room } = this.shared;
    const { events, slowReaders } = counts;
    return { events, slowReaders, open: this.open.size, queuedBytes: room.bytes };
  }

  /**
   * Begins a watch.
   * @throws KvsError LIMITE_PEDIDOS, SERVIDOR_SAINDO
   */
  begin({ key, prefix, from }: Watch): AsyncIterable<WatchEvent | undefined> {
    const { fleet, time, tuning } = this.deps;
    if (this.isStopping) throw leaving();
    if (this.open.size >= tuning.watches)
      throw new KvsError(
        'LIMITE_PEDIDOS',
        'limite atingido: este servidor já tem observações demais; use outro',
      );
    const place = typeof from === 'object' ? decodeWatchToken(from.token, fleet) : undefined;
    const interest = { key, prefix };
    const nowMs = (): number => time.monotonicMs();
    const watch: FleetWatch = new FleetWatch(interest, this.shared, nowMs, () => {
      this.open.delete(watch);
      this.index.remove(interest, watch);
    });
    this.open.add(watch);
    this.index.add(interest, watch);
    if (from === 'now') watch.beginNow();
    else if (from === 'everything') watch.beginPresent();
    else if (place === undefined) watch.restart();
    else this.resume(watch, place);
    this.lookLater();
    return watch.stream;
  }

  /** To be called when a mutation removed something, before it is told. */
  noteRemoved(seq: number, removed: RemovedRows): void {
    this.past.noteRemoved(seq, removed);
  }

  /** To be called when this server has written a mutation, and handed it to its outbox. */
  wrote(seq: number, mutation: Mutation): void {
    const { log, outbox } = this.deps.member;
    const position = outbox.opened === undefined ? log.position - 1 : log.position;
    const removed = this.past.noted(position);
    if (!this.index.isEmpty)
      this.tell({ origin: this.deps.self, seq, mutation, removed: removed.get(seq) }, position);
  }

  /** Ends all watches, and refuses further ones: the server stops. */
  stop(): void {
    this.isStopping = true;
    for (const watch of this.open) watch.stream.fail(leaving());
  }

  private received(batch: Batch, from: number): void {
    const position = this.deps.member.log.position - 1;
    const removed = this.past.noted(position);
    if (this.index.isEmpty) return;
    const { origin, first, mutations } = batch;
    for (let seq = from; seq <= lastSeq(batch); seq++) {
      const mutation = mutations[seq - first] as Mutation;
      this.tell({ origin, seq, mutation, removed: removed.get(seq) }, position);
    }
  }

  private joined(): void {
    this.latest = undefined;
    this.past.joined();
    for (const watch of this.open) if (watch.hasBegun) watch.restart();
  }

  private tell(applied: Applied, position: number): void {
    if (applied.mutation.kind === 'raiseFloor' || eventCount(applied) === 0) return;
    this.index.forEach(applied.mutation.key, (watch) =>
      watch.applied(applied, this.momentAt(position), position),
    );
  }

  private momentAt(position: number): ToldMoment {
    if (this.latest?.position === position) return this.latest.moment;
    const batch = this.past.batchAt(position);
    if (batch === undefined) throw new Error(`nothing was applied at ${position}`);
    const { origin, from, dependencies } = batch;
    const others = othersOf(this.shared.frontier(), origin, this.deps.tuning.watchTokenDots);
    const moment = new ToldMoment(origin, others, from, dependencies);
    this.latest = { position, moment };
    return moment;
  }

  private tokenOf(entries: VectorEntries | undefined, parts: readonly ToldPart[]): string {
    const { fleet, shorten, time, tuning } = this.deps;
    const place = entries && parts.length <= tuning.watchTokenParts ? { entries, parts } : undefined;
    const token = place && encodeWatchToken(fleet, place);
    if (token === undefined) time.atEndOfTurn(shorten);
    return token ?? this.shared.startOver;
  }

  // ── going on from a token ──────────────────────────────────────────────────────────────────────────────────────

  private resume(watch: FleetWatch, place: WatchPlace): void {
    const { store, time, tuning } = this.deps;
    if (store.vector.covers(place.entries)) {
      this.goOn(watch, place);
      return;
    }
    const sinceMs = time.monotonicMs();
    void this.waiters.wait(place, tuning.watchResumeWaitMs).then((arrived) => {
      if (!this.open.has(watch)) return;
      if (arrived) this.goOn(watch, place);
      else this.missed(watch, place, sinceMs);
    });
  }

  private goOn(watch: FleetWatch, { entries, parts }: WatchPlace): void {
    const resumption = this.past.resume(entries);
    if (resumption) watch.resume(entries, parts, resumption);
    else watch.restart();
  }

  /** This server does not have what the token stands for. If nobody else does either, it is lost. */
  private missed(watch: FleetWatch, place: WatchPlace, sinceMs: number): void {
    const { store, member, isConnected } = this.deps;
    const areHeard = member.peers.serving().every(({ seenAtMs }) => seenAtMs >= sinceMs);
    if (isConnected() && areHeard && member.upToDate) watch.restart();
    else watch.stream.fail(aheadOf(store.vector, place));
  }

  // ── now and then ───────────────────────────────────────────────────────────────────────────────────────────────

  private lookLater(): void {
    if (this.isLooking || this.open.size === 0) return;
    this.isLooking = true;
    this.deps.time.after(this.deps.tuning.watchQuietLookMs, () => {
      this.isLooking = false;
      this.look();
      this.lookLater();
    });
  }

  private look(): void {
    const { time, random, tuning } = this.deps;
    const nowMs = time.monotonicMs();
    for (const watch of this.open) {
      const silentMs = nowMs - watch.toldMs;
      if (watch.isStuck()) watch.stream.fail(tooSlow());
      else if (silentMs > tuning.watchQuietMs && silentMs > tuning.watchQuietMs * (1 + random.next() / 4))
        watch.quiet();
    }
  }
}

function leaving(): KvsError {
  return new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
}
