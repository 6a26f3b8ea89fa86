import { doubledMs } from '../../../core/backoff.js';
import type { Origin } from '../../../core/dot.js';
import { batchBytes } from '../../../core/json-size.js';
import { differingParts } from '../../../core/walk.js';
import { PartSet } from '../../../core/parts.js';
import { joinStage, replaceByStage, Stage, StageBroken } from '../../../core/stage.js';
import { VersionVector } from '../../../core/vector.js';
import type { Store } from '../../../core/store.js';
import type { Bus, LogReply, StateOpening, StatePage, StateReply } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { Causes } from './causes.js';
import { replicationLimits } from './limits.js';
import type { RecentLog } from './log.js';
import type { Outbox } from './outbox.js';
import type { Peer, Peers } from './peers.js';
import type { Receiver } from './receiver.js';
import type { FleetTuning } from './tuning.js';

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
  /** Whether a client waits for something that this server lacks, regardless of what peers have announced. */
  readonly isWantedNow: () => boolean;
}

/** The request under way: its peer, and the timeout that ends it if no answer comes. */
interface Pending {
  readonly id: number;
  readonly peer: Origin;
  readonly cancelTimeout: () => void;
}

/** A transfer of a peer's state under way. */
interface Transfer {
  readonly peer: Origin;
  /** Replaces our content by the peer's instead of joining both: the repair after a failed self-check. */
  readonly replaces: boolean;
  readonly startedMs: number;
  stage: Stage | undefined;
  page: { cursor: StatePage['cursor']; logPosition: number };
  retries: number;
  keys: number;
  /** The giver's fleet clock at the opening, and that of the batches since; witnessed at the join. */
  fleetMs: number;
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
  private transfer: Transfer | undefined;
  private cancelCheck: (() => void) | undefined;
  private lastId = 0;
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

  onLogReply(reply: LogReply): void {
    if (!this.settlePending(reply.id, reply.from)) return;
    if (reply.outcome === 'stateNeeded') {
      this.beginTransfer(reply.from, false);
      return;
    }
    const { bus, receiver, store } = this.deps;
    const before = receiver.counters.applied;
    for (const batch of reply.batches) receiver.receive(batch, bus.pack(batch), batchBytes(batch));
    const applied = receiver.counters.applied - before;
    this.counters.batches += reply.batches.length;
    if (reply.more && applied > 0) {
      this.askLog(reply.from);
      return;
    }
    const peer = this.deps.peers.get(reply.from);
    if (peer && applied > 0) peer.fruitless = 0;
    if (peer && (applied === 0 || reply.more)) this.rest(peer, reply.more && reply.batches.length === 0);
    if (!reply.more && peer?.presence.state === 'serving') this.deps.onCaughtUp(reply.from);
    if (this.candidates(store).length > 0) this.suspect();
  }

  onStateReply(reply: StateReply): void {
    const { transfer } = this;
    if (!transfer || !this.settlePending(reply.id, reply.from)) return;
    try {
      if (reply.body.outcome === 'lost')
        this.giveUp(
          'o servidor que respondia já não tem as mutações do intervalo, ou o broker não as leva',
          true,
        );
      else if (reply.body.outcome === 'opening') this.takeOpening(transfer, reply.body);
      else this.takePage(transfer, reply.body);
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
    const id = this.expectAnswer(peer);
    const { bus, self, store } = this.deps;
    bus.publish({ type: 'logRequest', from: self, to: peer, id, vector: store.vector.entries() });
  }

  private beginTransfer(peer: Origin, replaces: boolean): void {
    const startedMs = this.deps.time.monotonicMs();
    const page = { cursor: undefined, logPosition: 0 };
    this.transfer = { peer, replaces, startedMs, stage: undefined, page, retries: 0, keys: 0, fleetMs: 0 };
    this.counters.transfers++;
    this.deps.logger.info({ de: peer }, 'transferência de estado iniciada');
    this.askState(this.transfer);
  }

  private askState(transfer: Transfer): void {
    const id = this.expectAnswer(transfer.peer);
    const { bus, self } = this.deps;
    const { stage, page } = transfer;
    const cursor = page.cursor;
    const asked =
      stage && cursor ? { cursor, logPosition: page.logPosition, parts: stage.wanted.toString() } : undefined;
    bus.publish({ type: 'stateRequest', from: self, to: transfer.peer, id, page: asked });
  }

  private takeOpening(transfer: Transfer, opening: StateOpening): void {
    const { store } = this.deps;
    const wanted = transfer.replaces ? PartSet.all() : differingParts(store, opening.partHashes);
    transfer.stage = new Stage(
      VersionVector.of(store.vector.origins, opening.vector),
      wanted,
      store.vector.copy(),
    );
    transfer.stage.takeFloors(opening.floors);
    transfer.fleetMs = opening.fleetMs ?? 0;
    transfer.page = { cursor: opening.cursor, logPosition: opening.logPosition };
    transfer.retries = 0;
    this.askState(transfer);
  }

  private takePage(transfer: Transfer, page: StatePage): void {
    const { stage } = transfer;
    if (!stage) throw new StageBroken('page before opening');
    stage.takePage(page.batches, page.keys);
    for (const { fleetMs = 0 } of page.batches) transfer.fleetMs = Math.max(transfer.fleetMs, fleetMs);
    transfer.keys += page.keys.length;
    transfer.page = { cursor: page.cursor, logPosition: page.logPosition };
    transfer.retries = 0;
    if (stage.replays.length > this.deps.tuning.stageReplayMutations) {
      throw new StageBroken('too many mutations while staging');
    }
    if (page.cursor) this.askState(transfer);
    else this.join(transfer, stage);
  }

  private join(transfer: Transfer, stage: Stage): void {
    const { store, outbox, log, receiver, time, logger } = this.deps;
    outbox.close();
    store.clock.witness(transfer.fleetMs);
    const before = store.vector.copy();
    if (transfer.replaces) replaceByStage(store, stage);
    else joinStage(store, stage);
    log.noteJoin(store.vector, before);
    this.deps.journalWriter?.noteJoined();
    const advanced = Array.from(store.vector.beyond(before), (origin) => store.vector.entryAt(origin));
    this.deps.causes.noteJoined(advanced);
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
      this.askState(transfer);
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
