import { doubledMs } from '../../../core/backoff.js';
import type { Origin } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import { batchBytes } from '../../../core/json-size.js';
import { joinStage, replaceByStage, type Stage, StageBroken } from '../../../core/stage.js';
import type { DigestKeys } from '../../../core/vector-digests.js';
import type { Store } from '../../../core/store.js';
import type { Bus, LogReply, StateReply, VectorReply } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { ArrivalEffect } from '../../../ports/trace.js';
import type { Causes } from './causes.js';
import { replicationLimits } from './limits.js';
import type { RecentLog } from './log.js';
import type { Outbox } from './outbox.js';
import type { Peer, Peers } from './peers.js';
import type { Receiver } from './receiver.js';
import { StateTransfer } from './state-transfer.js';
import type { FleetTuning } from './tuning.js';
import { VectorFetch } from './vector-fetch.js';

interface RepairDeps {
  readonly self: Origin;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly log: RecentLog;
  readonly receiver: Receiver;
  readonly peers: Peers;
  readonly bus: Bus;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  readonly tuning: FleetTuning;
  /** Called when a serving peer had nothing more for us. */
  readonly onCaughtUp: (peer: Origin) => void;
  readonly journalWriter: { noteJoined(): void } | undefined;
  readonly causes: Causes;
  readonly digestKeys: DigestKeys;
  /** Whether a client waits for something that this server lacks, regardless of what peers have announced. */
  readonly isWantedNow: () => boolean;
}

/** The request under way: its peer, and the timeout that ends it if no answer comes. */
interface Pending {
  readonly id: number;
  readonly peer: Origin;
  readonly cancelTimeout: () => void;
}

/** What a peer has and this server lacks, as far as its vector was compared. */
interface Search {
  readonly fetch: VectorFetch;
  readonly lacked: Set<Origin>;
}

/** Figures of repairs, for logs and metrics. */
interface RepairCounters {
  requests: number;
  timeouts: number;
  batches: number;
  transfers: number;
  transfersDiscarded: number;
}

/**
 * The asking side of anti-entropy. One rule repairs everything (a lost, late or repeated message, a peer's restart, an
 * hour offline): compare vectors, and ask one peer at a time for what is missing, from its log or else its state.
 */
export class Repair {
  readonly counters: RepairCounters = {
    requests: 0,
    timeouts: 0,
    batches: 0,
    transfers: 0,
    transfersDiscarded: 0,
  };
  private pending: Pending | undefined;
  private transfer: StateTransfer | undefined;
  /** How the log is asked: only for what was found missing; `undefined`: for all that our vector lacks. */
  private search: Search | undefined;
  private cancelCheck: (() => void) | undefined;
  private lastId = 0;
  /** Mutations that came as a state, and not as batches. */
  joinedMutations = 0;
  private stopped = false;
  /** Whether this server is joining. If so, any serving peer is asked, whatever its vector. */
  joining = true;

  constructor(private readonly deps: RepairDeps) {}

  /** To be called when vectors may differ: checks soon, in case the difference does not settle by itself. */
  suspect(delayMs = this.deps.tuning.repairPatienceMs * (1 + this.deps.random.next())): void {
    if (this.stopped || this.cancelCheck || this.pending) return;
    this.cancelCheck = this.deps.time.after(delayMs, () => {
      this.cancelCheck = undefined;
      this.check();
    });
  }

  /** To be called when the self-check found that only this server is wrong: replaces its content by a peer's. */
  replaceFrom(peer: Origin): void {
    if (!this.stopped && !this.pending) this.beginTransfer(peer, true);
  }

  /** To be called when a peer left or was lost: it will not answer. */
  peerGone(peer: Origin): void {
    if (this.pending?.peer === peer) this.giveUp('o servidor que respondia saiu');
  }

  stop(): void {
    this.stopped = true;
    this.cancelCheck?.();
    this.pending?.cancelTimeout();
    this.pending = undefined;
    this.transfer = undefined;
  }

  onLogReply(reply: LogReply): ArrivalEffect {
    if (!this.settlePending(reply.id, reply.from)) return 'ignored';
    if (reply.outcome === 'stateNeeded') {
      this.beginTransfer(reply.from, false);
      return 'noted';
    }
    const { bus, receiver } = this.deps;
    const before = receiver.counters.applied;
    for (const batch of reply.batches) receiver.receive(batch, bus.pack(batch), batchBytes(batch));
    const applied = receiver.counters.applied - before;
    this.counters.batches += reply.batches.length;
    if (reply.more && applied > 0) {
      if (this.search) this.askLacked(reply.from, this.search.lacked);
      else this.askLog(reply.from);
      return 'applied';
    }
    this.settled(reply, applied);
    return applied > 0 ? 'applied' : 'known';
  }

  onVectorReply(reply: VectorReply): ArrivalEffect {
    if (!this.settlePending(reply.id, reply.from)) return 'ignored';
    const { transfer, search } = this;
    if (transfer) {
      this.guarded(() => {
        transfer.takeVector(reply);
        this.askNext(transfer);
      });
      return 'noted';
    }
    if (!search) return 'ignored';
    const { vector } = this.deps.store;
    for (const [origin, seq] of reply.entries) if (seq > vector.seqOf(origin)) search.lacked.add(origin);
    const isLast = search.fetch.take(reply);
    if (!isLast && search.lacked.size < limits.vectorEntries) this.askVector(reply.from, search.fetch);
    else if (search.lacked.size > 0) this.askLacked(reply.from, search.lacked);
    else this.settled({ from: reply.from, more: false, batches: [] }, 0);
    return 'noted';
  }

  /** A peer has given what it has for us, or nothing. */
  private settled(reply: Pick<LogReply, 'from' | 'more' | 'batches'>, applied: number): void {
    const { store } = this.deps;
    const peer = this.deps.peers.get(reply.from);
    if (peer && applied > 0) peer.fruitless = 0;
    if (peer && (applied === 0 || reply.more)) this.rest(peer, reply.more && reply.batches.length === 0);
    if (!reply.more && peer?.presence.state === 'serving') this.deps.onCaughtUp(reply.from);
    if (this.candidates(store).length > 0) this.suspect();
  }

  onStateReply(reply: StateReply): ArrivalEffect {
    const { transfer } = this;
    if (!transfer || !this.settlePending(reply.id, reply.from)) return 'ignored';
    const { body } = reply;
    const joined = this.joinedMutations;
    this.guarded(() => {
      if (body.outcome === 'lost') {
        const why = 'o servidor que respondia já não tem as mutações do intervalo, ou o broker não as leva';
        this.giveUp(why, true);
      } else if (body.outcome === 'opening') {
        transfer.takeOpening(body);
        this.askNext(transfer);
      } else {
        const stage = transfer.takePage(body);
        if (stage) this.join(transfer, stage);
        else this.askNext(transfer);
      }
    });
    if (this.joinedMutations > joined) return 'applied';
    return body.outcome === 'page' ? 'held' : 'noted';
  }

  /** Discards the transfer if what came contradicts itself. */
  private guarded(take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof StageBroken)) throw error;
      this.giveUp(`páginas contraditórias: ${error.message}`);
    }
  }

  private check(): void {
    if (this.stopped || this.pending || !this.deps.bus.connected) return;
    const candidates = this.candidates(this.deps.store);
    const chosen = candidates[Math.floor(this.deps.random.next() * candidates.length)];
    if (chosen) this.askLog(chosen.presence.origin);
    else if (this.joining || this.deps.receiver.isWaiting || this.deps.isWantedNow()) {
      this.suspect(this.deps.tuning.peerCooldownMs);
    }
  }

  /** Peers worth asking now. */
  private candidates(store: Store): Peer[] {
    const { peers, receiver, time } = this.deps;
    const now = time.monotonicMs();
    const waiting = [...receiver.waitingFor];
    const awake = peers.all().filter((peer) => peer.restUntilMs <= now);
    if (this.joining) return awake.filter((peer) => peer.presence.state === 'serving');
    const ahead = awake.filter((peer) => peers.compare(peer, store.vector) !== 'notAhead');
    if (ahead.length > 0) return ahead;
    if (this.deps.isWantedNow()) return awake.filter((peer) => peer.presence.state !== 'joining');
    return awake.filter((peer) => waiting.includes(peer.presence.origin));
  }

  /** @param fruitless the peer has more but cannot send it, so it is asked less and less often */
  private rest(peer: Peer, fruitless: boolean): void {
    const { time, tuning } = this.deps;
    peer.fruitless = fruitless ? peer.fruitless + 1 : 0;
    const capMs = Math.max(tuning.peerCooldownMs, replicationLimits.fruitlessCapMs);
    const pauseMs = doubledMs(Math.max(0, peer.fruitless - 1), tuning.peerCooldownMs, capMs);
    peer.restUntilMs = time.monotonicMs() + pauseMs;
  }

  private askLog(peer: Origin): void {
    const { bus, self, store, tuning, peers, time, digestKeys } = this.deps;
    const { vector } = store;
    this.search = undefined;
    const level = peers.get(peer)?.presence.level ?? 1;
    if (vector.size <= tuning.wholeVectorEntries || level < replicationLimits.level) {
      const id = this.expectAnswer(peer);
      bus.publish({ type: 'logRequest', from: self, to: peer, id, vector: vector.entries() });
      return;
    }
    const explicit = this.explicitOrigins(peer);
    this.search = {
      fetch: new VectorFetch(vector, digestKeys.of(time.wallMs()), explicit),
      lacked: new Set(),
    };
    this.askVector(peer, this.search.fetch);
  }

  /** Origins that may be advancing just now: told by name, they make no bucket differ. */
  private explicitOrigins(peer: Origin): Origin[] {
    const { store, tuning, peers, receiver } = this.deps;
    const announced = peers.get(peer)?.presence.recent ?? [];
    const named = [...store.vector.recent(tuning.vectorRecents), ...announced].map(([origin]) => origin);
    return [...new Set([...named, ...receiver.waitingFor])].slice(0, limits.explicitOrigins);
  }

  private askVector(peer: Origin, { ask }: VectorFetch): void {
    const id = this.expectAnswer(peer);
    this.deps.bus.publish({ type: 'vectorRequest', from: this.deps.self, to: peer, id, ask });
  }

  private askLacked(peer: Origin, lacked: ReadonlySet<Origin>): void {
    const id = this.expectAnswer(peer);
    const { bus, self, store } = this.deps;
    const origins = [...lacked].slice(0, limits.vectorEntries);
    const vector = origins.map((origin) => [origin, store.vector.seqOf(origin)] as const);
    bus.publish({ type: 'logRequest', from: self, to: peer, id, vector, only: true });
  }

  private beginTransfer(peer: Origin, replaces: boolean): void {
    this.search = undefined;
    this.transfer = new StateTransfer(peer, replaces, this.deps.time.monotonicMs(), this.deps);
    this.counters.transfers++;
    this.deps.logger.info({ de: peer }, 'transferência de estado iniciada');
    this.askNext(this.transfer);
  }

  private askNext(transfer: StateTransfer): void {
    const id = this.expectAnswer(transfer.peer);
    const { bus, self } = this.deps;
    bus.publish({ from: self, to: transfer.peer, id, ...transfer.request });
  }

  private join(transfer: StateTransfer, stage: Stage): void {
    const { store, outbox, log, receiver, time, logger } = this.deps;
    outbox.close();
    store.clock.witness(transfer.fleetMs);
    const before = store.vector.copy();
    if (transfer.replaces) replaceByStage(store, stage);
    else joinStage(store, stage);
    this.joinedMutations += store.vector.gainOver(before);
    log.noteJoin(store.vector, before);
    this.deps.journalWriter?.noteJoined();
    this.deps.causes.noteJoined(transfer.broughtFrontier(before), transfer.joinedState(before));
    this.transfer = undefined;
    const tookMs = Math.round(time.monotonicMs() - transfer.startedMs);
    logger.info({ de: transfer.peer, chaves: transfer.keys, duracaoMs: tookMs }, 'estado recebido');
    receiver.applyHeld();
    // What the giver has applied since its last page is in its log.
    this.askLog(transfer.peer);
  }

  private expectAnswer(peer: Origin): number {
    this.cancelCheck?.();
    this.cancelCheck = undefined;
    this.pending?.cancelTimeout();
    const id = ++this.lastId;
    this.counters.requests++;
    const cancelTimeout = this.deps.time.after(this.deps.tuning.requestTimeoutMs, () => this.timedOut(id));
    this.pending = { id, peer, cancelTimeout };
    return id;
  }

  private settlePending(id: number, from: Origin): boolean {
    const { pending } = this;
    if (pending?.id !== id || pending.peer !== from) return false;
    pending.cancelTimeout();
    this.pending = undefined;
    return true;
  }

  private timedOut(id: number): void {
    if (this.pending?.id !== id) return;
    this.counters.timeouts++;
    const { transfer } = this;
    if (transfer && transfer.retries < this.deps.tuning.pageRetries && this.deps.peers.get(transfer.peer)) {
      transfer.retries++;
      this.askNext(transfer);
    } else {
      this.giveUp('não houve resposta a tempo');
    }
  }

  private giveUp(reason: string, fruitless = false): void {
    const peer = this.pending?.peer ?? this.transfer?.peer;
    this.pending?.cancelTimeout();
    this.pending = undefined;
    if (this.transfer) {
      this.counters.transfersDiscarded++;
      this.deps.logger.warn({ de: peer, motivo: reason }, 'transferência de estado descartada; será refeita');
      this.transfer = undefined;
    }
    const known = peer === undefined ? undefined : this.deps.peers.get(peer);
    if (known) this.rest(known, fruitless);
    this.suspect();
  }
}
