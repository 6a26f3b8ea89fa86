import type { Origin, VectorEntries } from '../core/dot.js';
import type { Mutation } from '../core/mutation.js';
import type { Store } from '../core/store.js';
import type { Bus, Message, PresenceMessage, PresenceState } from '../ports/bus.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import { Announcer } from './announcer.js';
import { Giver } from './giver.js';
import { RecentLog } from './log.js';
import { Outbox } from './outbox.js';
import { Peers } from './peers.js';
import { Receiver } from './receiver.js';
import { Repair } from './repair.js';
import { defaultTuning, type Tuning } from './tuning.js';

export interface MemberOptions {
  /** This incarnation: fresh at every start, never used before. */
  readonly origin: Origin;
  /** `host:port` of the doors, told to peers. */
  readonly address: string;
  readonly bus: Bus;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  readonly tuning?: Tuning;
  /** Keeps what comes from peers, where this server has a journal. */
  readonly keeper?: ReceivedKeeper;
  /** Whether this server offers the enrolment portal, told to peers. */
  readonly portal?: boolean;
  /** Called at every change of state. */
  readonly onState?: (state: PresenceState) => void;
  /** Called when the self-check fails, and when it holds again. */
  readonly onAlarm?: (alarmed: boolean) => void;
  /** Called when the broker comes or goes. */
  readonly onBroker?: (connected: boolean) => void;
}

/** Told of everything that was applied and was not written here. */
export interface ReceivedKeeper {
  /** A batch, as its codec wrote it. */
  noteReceived(packed: string): void;
  /** A whole state. */
  noteJoined(): void;
}

/**
 * A server as a member of its fleet: joins, keeps up to date with its peers, and takes leave. What arrives from the
 * bus is applied to the store here; what the engine wrote goes out from here.
 */
export class Member {
  readonly peers: Peers;
  readonly receiver: Receiver;
  readonly repair: Repair;
  private readonly tuning: Tuning;
  private readonly outbox: Outbox;
  private readonly log: RecentLog;
  private readonly giver: Giver;
  private readonly announcer: Announcer;
  private current: PresenceState = 'joining';
  private cancelPatience: (() => void) | undefined;
  private sawServing = false;
  private alarmed = false;
  private leadMs = 0;

  constructor(
    private readonly store: Store,
    private readonly options: MemberOptions,
  ) {
    const { origin, address, bus, time, random, logger } = options;
    const tuning = (this.tuning = options.tuning ?? defaultTuning);
    const log = (this.log = new RecentLog(bus, tuning));
    const outbox = (this.outbox = new Outbox(origin, bus, log, time, tuning));
    const receiver = (this.receiver = new Receiver(origin, store, outbox, log, tuning, options.keeper));
    const peers = (this.peers = new Peers(time, tuning));
    this.giver = new Giver(origin, store, outbox, log, tuning);
    const portal = options.portal ?? false;
    this.announcer = new Announcer(origin, address, store, bus, time, random, tuning, portal);
    const onCaughtUp = (): void => this.caughtUp();
    this.repair = new Repair({
      ...{ self: origin, store, outbox, log, receiver, peers, bus, time, random, logger, tuning },
      onCaughtUp,
      keeper: options.keeper,
    });
  }

  get state(): PresenceState {
    return this.current;
  }

  /** Whether an alarm of the self-check stands: a peer with the same vector had another content. */
  get diverged(): boolean {
    return this.alarmed;
  }

  /** By how many ms this server's clock is ahead of every peer's, as of the last presence. */
  get clockLeadMs(): number {
    return this.leadMs;
  }

  /** Incarnations that one store may know. */
  get originsLimit(): number {
    return this.tuning.origins;
  }

  /** How far the clock may be ahead. */
  get clockDriftMs(): number {
    return this.tuning.clockDriftMs;
  }

  /** Whether this server serves and is the lowest origin that does, of those with the portal. */
  get leadsPortal(): boolean {
    const { origin, bus } = this.options;
    return (
      this.current === 'serving' &&
      // Who sees nobody does not know who else is here.
      bus.connected &&
      !this.peers.serving().some(({ presence }) => presence.portal === true && presence.origin < origin)
    );
  }

  /** Whether no peer that serves has announced more than is here. */
  get upToDate(): boolean {
    return this.peers.serving().every((peer) => this.peers.compare(peer, this.store.vector) !== 'ahead');
  }

  /** Tells the fleet of a mutation that this server has just applied as its `seq`. */
  publish(seq: number, mutation: Mutation): void {
    this.outbox.add(seq, mutation);
  }

  /** Joins the fleet. Reads and writes are refused until the state is `serving`. */
  start(): void {
    this.noteLoaded();
    this.beginPatience(this.tuning.joinPatienceMs);
    this.options.bus.start({
      onMessage: (message, bytes) => this.onMessage(message, bytes),
      onConnected: () => this.onConnected(),
      onDisconnected: () => this.onDisconnected(),
    });
  }

  /**
   * Takes leave: refuses reads and writes, waits until a serving peer has everything that is here (written here,
   * or by a server that has gone since; or `handOverMs` passed, or there is no peer), leaves the bus.
   * @returns whether a serving peer has announced that it has everything
   */
  async stop(): Promise<boolean> {
    this.cancelPatience?.();
    this.repair.stop();
    this.outbox.close();
    const wasServing = this.current === 'serving';
    this.changeState('draining');
    const entries = this.store.vector.recent(this.tuning.presenceEntries);
    const handedOver = !wasServing || entries.length === 0 || (await this.handOver(entries));
    this.changeState('leaving');
    this.announcer.stop();
    await this.options.bus.stop();
    return handedOver;
  }

  /** What the store holds already came without batches: peers that lack it take it as a state. */
  private noteLoaded(): void {
    const loaded = this.store.vector.entries();
    if (loaded.length === 0) return;
    this.log.noteJoin(loaded);
    for (const [origin, seq] of loaded) this.outbox.noteAdvance(origin, seq);
  }

  private handOver(entries: VectorEntries): Promise<boolean> {
    const { time, bus, logger } = this.options;
    const deadline = time.monotonicMs() + this.tuning.handOverMs;
    this.announcer.announce();
    return new Promise((resolve) => {
      const look = (): void => {
        const held = this.peers.someoneHas(entries);
        const alone = !bus.connected || this.peers.serving().length === 0;
        if (!held && !alone && time.monotonicMs() < deadline) {
          time.after(HAND_OVER_LOOK_MS, look);
          return;
        }
        if (!held) logger.warn({ sozinho: alone }, 'saindo sem que outro servidor tenha tudo o que há aqui');
        resolve(held);
      };
      look();
    });
  }

  // ── the peers' side ────────────────────────────────────────────────────────────────────────────────────────────

  private onMessage(message: Message, bytes: number): void {
    if (this.current === 'leaving') return;
    switch (message.type) {
      case 'batch':
        this.receiver.receive(message.batch, message.packed, bytes);
        if (this.receiver.isWaiting) this.repair.suspect();
        return;
      case 'presence':
        this.onPresence(message);
        return;
      case 'logRequest':
        if (this.current !== 'joining') this.options.bus.publish(this.giver.answerLog(message));
        return;
      case 'stateRequest':
        if (this.current !== 'joining') this.options.bus.publish(this.giver.answerState(message));
        return;
      case 'logReply':
        this.repair.onLogReply(message);
        return;
      case 'stateReply':
        this.repair.onStateReply(message);
    }
  }

  private onPresence(presence: PresenceMessage): void {
    if (presence.origin === this.options.origin) {
      // The last will of an earlier connection of ours: peers must not believe it.
      if (presence.state === 'leaving') this.announcer.announce();
      return;
    }
    const isNew = this.peers.note(presence);
    this.leadMs = this.peers.clockLeadMs();
    if (presence.state === 'leaving') {
      this.options.logger.info({ par: presence.origin }, 'servidor saiu da frota');
      this.repair.peerGone(presence.origin);
      return;
    }
    if (presence.state === 'draining') this.announcer.announceSoon();
    if (isNew) {
      const { origin: par, address: endereco } = presence;
      this.options.logger.info({ par, endereco }, 'servidor visto na frota');
      this.announcer.announceSoon();
    }
    if (presence.state === 'serving') this.sawServing = true;
    this.selfCheck(presence);
    const peer = this.peers.get(presence.origin);
    const { vector } = this.store;
    if (this.current === 'joining' || (peer && this.peers.compare(peer, vector) !== 'notAhead'))
      this.repair.suspect();
  }

  /** Equal vectors with unequal contents mean a bug (or a forger): it must not go unseen. */
  private selfCheck(presence: PresenceMessage): void {
    const digest = this.store.vector.digest();
    if (presence.vectorDigest !== digest) return;
    const hash = this.store.hash();
    const differs = presence.storeHash !== hash;
    if (differs && !this.alarmed) {
      const fields = { par: presence.origin, meu: hash, dele: presence.storeHash };
      this.options.logger.error(fields, 'ALARME: mesmo vetor de versões e conteúdo diferente');
    }
    const changed = differs !== this.alarmed;
    this.alarmed = differs;
    if (changed) this.options.onAlarm?.(differs);
    // Two peers that agree with each other, and none with us: we are the one in the wrong.
    const same = this.peers.serving().filter((peer) => peer.presence.vectorDigest === digest);
    const agreeing = same.filter((peer) => peer.presence.storeHash === presence.storeHash);
    if (differs && agreeing.length >= 2 && agreeing.length === same.length)
      this.repair.replaceFrom(presence.origin);
  }

  private onConnected(): void {
    this.options.onBroker?.(true);
    this.announcer.announce();
    if (this.current === 'joining') this.beginPatience(this.tuning.joinPatienceMs);
    this.repair.suspect();
  }

  private onDisconnected(): void {
    this.options.onBroker?.(false);
    if (this.current === 'joining') {
      this.beginPatience(this.sawServing ? this.tuning.joinGiveUpMs : this.tuning.joinPatienceMs);
    }
  }

  // ── joining ────────────────────────────────────────────────────────────────────────────────────────────────────

  private beginPatience(delayMs: number): void {
    this.cancelPatience?.();
    this.cancelPatience = this.options.time.after(delayMs, () => this.patienceEnded());
  }

  /** Nobody served for a while: the lowest origin of those who wait serves first, or who waits alone. */
  private patienceEnded(): void {
    if (this.current !== 'joining') return;
    const { bus, logger } = this.options;
    const mustWait =
      bus.connected &&
      this.peers
        .all()
        .some(({ presence }) => presence.state === 'serving' || presence.origin < this.options.origin);
    if (mustWait) {
      this.beginPatience(this.tuning.joinPatienceMs);
      return;
    }
    if (!bus.connected) logger.warn({}, 'sem broker: atendendo sozinho; a frota converge quando ele voltar');
    this.serve();
  }

  private caughtUp(): void {
    if (this.current === 'joining') this.serve();
  }

  private serve(): void {
    this.repair.joining = false;
    this.cancelPatience?.();
    this.changeState('serving');
    this.announcer.announceSoon();
  }

  private changeState(state: PresenceState): void {
    if (state === this.current) return;
    this.current = state;
    this.announcer.state = state;
    this.options.logger.info(
      { estado: state, chaves: this.store.keyCount, entradas: this.store.entryCount },
      ESTADOS[state],
    );
    this.options.onState?.(state);
  }
}

// How often a server that stops looks whether it may go.
const HAND_OVER_LOOK_MS = 20;

const ESTADOS: Readonly<Record<PresenceState, string>> = {
  joining: 'entrando na frota',
  serving: 'atendendo',
  draining: 'entregando o que falta antes de sair',
  leaving: 'saindo da frota',
};
