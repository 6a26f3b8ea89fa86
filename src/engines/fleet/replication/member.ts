import type { VectorEntries } from '../../../core/dot.js';
import type { Mutation } from '../../../core/mutation.js';
import { DigestKeys } from '../../../core/vector-digests.js';
import type { Store } from '../../../core/store.js';
import type { Message, PresenceMessage, PresenceState } from '../../../ports/bus.js';
import type { ArrivalEffect } from '../../../ports/trace.js';
import { Announcer } from './announcer.js';
import { SessionWaiters } from '../../session-waiters.js';
import { Causes } from './causes.js';
import { Clocks } from './clocks.js';
import { Confirmations } from './confirmations.js';
import { Giver } from './giver.js';
import { replicationLimits } from './limits.js';
import { handOver } from './hand-over.js';
import { Holdings } from './holdings.js';
import { RecentLog } from './log.js';
import type { MemberOptions } from './member-options.js';
import { Outbox } from './outbox.js';
import { OldPeers } from './old-peers.js';
import { Oversize } from './oversize.js';
import { Peers } from './peers.js';
import { Receiver } from './receiver.js';
import { Repair } from './repair.js';
import { SelfCheck } from './self-check.js';
import { defaultFleetTuning, type FleetTuning } from './tuning.js';
import { ConfirmationReplier } from './confirmation-replier.js';

/**
 * A server as a member of its fleet: joins, keeps up to date with its peers, and leaves. Applies what arrives from the
 * bus to the store, and publishes what the engine wrote.
 */
export class Member {
  readonly peers: Peers;
  readonly holdings: Holdings;
  readonly receiver: Receiver;
  readonly repair: Repair;
  readonly causes: Causes;
  /** Writes of this server that wait until peers hold them. */
  readonly confirmations: Confirmations;
  /** Calls that wait until this server has what their session has seen. */
  readonly sessionWaiters: SessionWaiters;
  private readonly confirmationReplier: ConfirmationReplier;
  private readonly tuning: FleetTuning;
  readonly outbox: Outbox;
  readonly log: RecentLog;
  /** Whether a watch waits for something that this server lacks. */
  isWanted: () => boolean = () => false;
  private readonly giver: Giver;
  private readonly oversize: Oversize;
  private readonly announcer: Announcer;
  readonly selfCheck: SelfCheck;
  private readonly clocks: Clocks;
  private readonly oldPeers: OldPeers;
  private current: PresenceState = 'joining';
  private cancelPatience: (() => void) | undefined;
  private sawServing = false;
  /** Whether this server stopped with writes of its own that no peer said to have, although there were peers. */
  leftBehind = false;

  constructor(
    private readonly store: Store,
    private readonly options: MemberOptions,
  ) {
    const { origin, bus, time, random, logger } = options;
    const tuning = (this.tuning = options.tuning ?? defaultFleetTuning);
    const digestKeys = new DigestKeys(options.fleet ?? '');
    const log = (this.log = new RecentLog(bus, tuning, store.vector.origins));
    const { journalWriter } = options;
    const causes = (this.causes = new Causes(origin, store, journalWriter !== undefined));
    const outbox = (this.outbox = new Outbox(origin, bus, log, time, tuning, causes, store.clock));
    this.receiver = new Receiver(origin, store, outbox, log, tuning, causes, journalWriter);
    const { receiver } = this;
    const holdings = (this.holdings = new Holdings(() => store.vector, time, tuning));
    const peers = (this.peers = new Peers(origin, time, tuning, digestKeys, holdings));
    const ask = (settled: () => void): void => this.announcer.announce(settled);
    this.confirmations = new Confirmations(peers, time, tuning, ask);
    this.sessionWaiters = new SessionWaiters(store, time, tuning, () => this.repair.suspect(0));
    this.confirmationReplier = new ConfirmationReplier({
      ...{ self: origin, store, bus, time, tuning },
      whenDurable: (call) => (journalWriter ? journalWriter.whenDurable(call) : call()),
      maySpeak: () => this.current === 'serving' || this.current === 'draining',
    });
    causes.onAdvance = (advanced) => {
      this.sessionWaiters.advanced(advanced);
      this.confirmationReplier.advanced(advanced);
    };
    const onAhead = (ahead: boolean): void => options.onClock?.(ahead);
    this.clocks = new Clocks({ self: origin, peers, bus, time, logger, tuning, onAhead });
    this.selfCheck = new SelfCheck(store, peers, logger, (alarmed) => options.onAlarm?.(alarmed));
    this.oversize = new Oversize(time, logger, (blocked) => options.onOversize?.(blocked));
    const oldPeers = (this.oldPeers = new OldPeers(store, peers, time, logger));
    const shared = { self: origin, store, outbox, log, causes, digestKeys, tuning, bus, time };
    this.giver = new Giver({ ...shared, oversize: this.oversize, onOldPeer: () => oldPeers.refused() });
    const { portal = false, mqtt = () => false } = options;
    const awaited = (): number | undefined => this.confirmations.awaited;
    const { hearing } = peers;
    this.announcer = new Announcer({ ...options, store, tuning, portal, mqtt, awaited, digestKeys, hearing });
    hearing.onNews = () => this.announcer.announceSoon();
    const onCaughtUp = (): void => this.caughtUp();
    this.repair = new Repair({
      ...{ ...shared, receiver, peers, random, logger, journalWriter, onCaughtUp },
      isWantedNow: () => this.sessionWaiters.isWaiting || this.isWanted(),
    });
  }

  get state(): PresenceState {
    return this.current;
  }

  /** Whether an alarm of the self-check is active: a peer with the same vector had different content. */
  get diverged(): boolean {
    return this.selfCheck.alarmed;
  }

  /** By how many ms this server's clock is ahead of every peer's: see {@link Clocks.leadMs}. */
  get clockLeadMs(): number {
    return this.clocks.leadMs;
  }

  /** How far the clock may be ahead. */
  get clockDriftMs(): number {
    return this.tuning.clockDriftMs;
  }

  /** Whether this server serves, and has the lowest origin of all serving servers with the portal, or with MQTT's door. */
  leads(what: 'portal' | 'mqtt'): boolean {
    const { origin, bus } = this.options;
    return (
      this.current === 'serving' &&
      // Without a broker this server cannot know which others serve.
      bus.connected &&
      !this.peers.serving().some(({ presence }) => presence[what] === true && presence.origin < origin)
    );
  }

  /** Whether this server serves, and has the lowest origin of those that it sees serve. */
  get isLowest(): boolean {
    const { origin } = this.options;
    return (
      this.current === 'serving' && !this.peers.serving().some(({ presence }) => presence.origin < origin)
    );
  }

  /** Whether this server serves, and every peer that it knows understands all that this version writes. */
  get mayUseAll(): boolean {
    return this.current === 'serving' && this.peers.understand(replicationLimits.level);
  }

  /** Whether no serving peer has announced more than this server has. */
  get upToDate(): boolean {
    return this.peers.serving().every((peer) => this.peers.compare(peer, this.store.vector) !== 'ahead');
  }

  /** Publishes a mutation that this server has just applied as its `seq`. */
  publish(seq: number, mutation: Mutation): void {
    this.outbox.add(seq, mutation);
  }

  /** To be called when the next mutations are decided: see {@link Causes.seal}. */
  sealCauses(): void {
    this.outbox.seal();
  }

  /**
   * Joins the fleet. Reads and writes are refused until the state is `serving`.
   * @param frontier the causal frontier of what the store already holds; without it, its whole vector stands for it
   */
  start(frontier?: VectorEntries): void {
    this.noteLoaded(frontier);
    this.beginPatience(this.tuning.joinPatienceMs);
    this.options.bus.start({
      onMessage: (message, bytes) => this.onMessage(message, bytes),
      appliedMutations: () => this.receiver.counters.applied + this.repair.joinedMutations,
      onConnected: () => this.onConnected(),
      onDisconnected: () => this.onDisconnected(),
    });
  }

  /**
   * Leaves the fleet: refuses reads and writes, waits until a serving peer has everything that was written here or by a
   * server that has gone since (at most `handOverMs`, and only if there is a peer), and leaves the bus.
   * @returns whether a serving peer has announced that it has everything
   */
  async stop(): Promise<boolean> {
    this.cancelPatience?.();
    this.repair.stop();
    this.outbox.close();
    const wasServing = this.current === 'serving';
    this.changeState('draining');
    const isEmpty = this.store.vector.size === 0;
    const handedOver = !wasServing || isEmpty || (await this.handedOver());
    this.leftBehind = !handedOver && this.peers.lack(this.store.vector.seqOf(this.options.origin));
    this.changeState('leaving');
    this.announcer.stop();
    this.oversize.stop();
    this.clocks.stop();
    await this.options.bus.stop();
    return handedOver;
  }

  private handedOver(): Promise<boolean> {
    this.announcer.announce();
    return handOver(() => this.store.vector, { ...this.options, tuning: this.tuning, peers: this.peers });
  }

  /** What the store already holds came without batches, so peers that lack it must take it as a state. */
  private noteLoaded(frontier: VectorEntries | undefined): void {
    const { vector } = this.store;
    if (vector.size === 0) return;
    this.log.noteJoin(vector);
    this.causes.noteJoined(frontier ?? vector.entries());
  }

  // ── the peers' side ────────────────────────────────────────────────────────────────────────────────────────────

  private onMessage(message: Message, bytes: number): ArrivalEffect {
    if (this.current === 'leaving') return 'ignored';
    switch (message.type) {
      case 'batch': {
        const effect = this.receiver.receive(message.batch, message.packed, bytes);
        if (this.receiver.isWaiting) this.repair.suspect();
        return effect;
      }
      case 'presence':
        return this.onPresence(message);
      case 'logRequest':
      case 'stateRequest':
      case 'vectorRequest':
        return this.current === 'joining' ? 'ignored' : this.giver.answer(message);
      case 'vectorReply':
        return this.repair.onVectorReply(message);
      case 'logReply':
        return this.repair.onLogReply(message);
      case 'stateReply':
        return this.repair.onStateReply(message);
      case 'confirm':
        this.peers.noteHeld(message.from, message.seq);
        this.confirmations.confirmed(message.from, message.seq);
        return 'noted';
      case 'clockRequest':
        this.clocks.onRequest(message);
        return 'answered';
      case 'clockReply':
        return this.clocks.onReply(message);
    }
  }

  private onPresence(presence: PresenceMessage): ArrivalEffect {
    if (presence.origin === this.options.origin) {
      // The last will of an earlier connection of ours, which peers must not believe.
      if (presence.state === 'leaving') this.announcer.announce();
      return 'known';
    }
    const known = this.peers.get(presence.origin);
    const noted = this.peers.note(presence);
    if (noted === 'stale') return 'known';
    if (noted === 'gone') {
      // Its own leave and its last will may both arrive: only the first is logged.
      if (known) this.options.logger.info({ par: presence.origin }, 'servidor saiu da frota');
      this.repair.peerGone(presence.origin);
      return 'noted';
    }
    if (presence.state === 'draining') this.announcer.announceSoon();
    if (noted === 'new') {
      const { origin: par, address: endereco } = presence;
      this.options.logger.info({ par, endereco }, 'servidor visto na frota');
      this.announcer.announceSoon();
    }
    this.oldPeers.look();
    if (presence.state === 'serving') this.sawServing = true;
    if (presence.awaits !== undefined)
      this.confirmationReplier.noteQuestion(presence.origin, presence.awaits);
    if (this.selfCheck.look(presence)) this.repair.replaceFrom(presence.origin);
    const peer = this.peers.get(presence.origin);
    if (peer) this.clocks.noted(peer);
    const { vector } = this.store;
    if (this.current === 'joining' || (peer && this.peers.compare(peer, vector) !== 'notAhead'))
      this.repair.suspect();
    return 'noted';
  }

  private onConnected(): void {
    this.peers.inSight(true);
    this.options.onBroker?.(true);
    this.announcer.announce();
    if (this.current === 'joining') this.beginPatience(this.tuning.joinPatienceMs);
    this.repair.suspect();
  }

  private onDisconnected(): void {
    this.peers.inSight(false);
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

  /** No server has served for a while: the lowest origin of those waiting serves, or this one if it sees no other. */
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

const ESTADOS: Readonly<Record<PresenceState, string>> = {
  joining: 'entrando na frota',
  serving: 'atendendo',
  draining: 'entregando o que falta antes de sair',
  leaving: 'saindo da frota',
};
