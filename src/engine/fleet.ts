import type { Origin } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import type { Mutation } from '../core/mutation.js';
import { Store } from '../core/store.js';
import type { Bus, Message, PresenceMessage, PresenceState } from '../ports/bus.js';
import type { Engine, Row } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import { Announcer } from '../replication/announcer.js';
import { Giver } from '../replication/giver.js';
import { RecentLog } from '../replication/log.js';
import { Outbox } from '../replication/outbox.js';
import { Peers } from '../replication/peers.js';
import { Receiver } from '../replication/receiver.js';
import { Repair } from '../replication/repair.js';
import { assertOriginFits, assertRoomFor } from './admission.js';
import { defaultTuning, type Tuning } from '../replication/tuning.js';

export type FleetState = PresenceState;

export interface FleetOptions {
  /** This incarnation: fresh at every start, never used before. */
  readonly origin: Origin;
  /** `host:port` of the doors, told to peers. */
  readonly address: string;
  readonly bus: Bus;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  readonly tuning?: Tuning;
  /** Called at every change of state. */
  readonly onState?: (state: FleetState) => void;
  /** Called when the self-check fails, and when it holds again. */
  readonly onAlarm?: (alarmed: boolean) => void;
  /** Called when the broker comes or goes. */
  readonly onBroker?: (connected: boolean) => void;
}

/**
 * The fleet engine: every server holds everything, writes at once, and tells the others (eventual, causal+).
 *
 *     local   insert → store.stamp ┐
 *     remote  bus → causally ready ┴→ store.apply → outbox (if local) → answer
 */
export class FleetEngine implements Engine {
  readonly store = new Store();
  readonly peers: Peers;
  readonly receiver: Receiver;
  readonly repair: Repair;
  private readonly tuning: Tuning;
  private readonly outbox: Outbox;
  private readonly giver: Giver;
  private readonly announcer: Announcer;
  private current: FleetState = 'joining';
  private cancelPatience: (() => void) | undefined;
  private sawServing = false;
  private alarmed = false;

  constructor(private readonly options: FleetOptions) {
    const { origin, address, bus, time, random, logger } = options;
    const tuning = (this.tuning = options.tuning ?? defaultTuning);
    const { store } = this;
    const log = new RecentLog(tuning);
    const outbox = (this.outbox = new Outbox(origin, bus, log, time, tuning));
    const receiver = (this.receiver = new Receiver(origin, store, outbox, log, tuning));
    const peers = (this.peers = new Peers(time, tuning));
    this.giver = new Giver(origin, store, outbox, log, tuning);
    this.announcer = new Announcer(origin, address, store, bus, time, random, tuning);
    const onCaughtUp = (): void => this.caughtUp();
    this.repair = new Repair({
      ...{ self: origin, store, outbox, log, receiver, peers, bus, time, random, logger, tuning },
      onCaughtUp,
    });
  }

  get origin(): Origin {
    return this.options.origin;
  }

  get state(): FleetState {
    return this.current;
  }

  /** Whether an alarm of the self-check stands: a peer with the same vector had another content. */
  get diverged(): boolean {
    return this.alarmed;
  }

  /** Joins the fleet. Reads and writes are refused until the state is `serving`. */
  start(): void {
    this.beginPatience(this.tuning.joinPatienceMs);
    this.options.bus.start({
      onMessage: (message, bytes) => this.onMessage(message, bytes),
      onConnected: () => this.onConnected(),
      onDisconnected: () => this.onDisconnected(),
    });
  }

  /**
   * Takes leave: refuses reads and writes, waits until a serving peer has everything that was written here (or
   * `handOverMs` passed, or there is no peer), leaves the bus.
   */
  async stop(): Promise<void> {
    this.cancelPatience?.();
    this.repair.stop();
    this.outbox.close();
    const own = this.store.vector.seqOf(this.origin);
    const wasServing = this.current === 'serving';
    this.changeState('draining');
    if (wasServing && own > 0) await this.handOver(own);
    this.changeState('leaving');
    this.announcer.stop();
    await this.options.bus.stop();
  }

  private handOver(own: number): Promise<void> {
    const { time, bus, logger } = this.options;
    const deadline = time.monotonicMs() + this.tuning.handOverMs;
    this.announcer.announce();
    return new Promise((resolve) => {
      const look = (): void => {
        const held = this.peers.someoneHas(this.origin, own);
        const alone = !bus.connected || this.peers.serving().length === 0;
        if (!held && !alone && time.monotonicMs() < deadline) {
          time.after(HAND_OVER_LOOK_MS, look);
          return;
        }
        if (!held)
          logger.warn(
            { seq: own },
            'saindo sem confirmação de que outro servidor tem tudo o que foi escrito aqui',
          );
        resolve();
      };
      look();
    });
  }

  // ── the doors' side ────────────────────────────────────────────────────────────────────────────────────────────

  insert(key: string, value: string): { readonly version: number; readonly timestamp: number } {
    this.assertWritable();
    assertRoomFor(this.store, key, value);
    const mutation = this.store.stampInsert(this.origin, key, value, this.options.time.wallMs());
    this.accept(mutation);
    return mutation;
  }

  query(key: string, version: number | undefined): Row | undefined {
    this.assertServing();
    return this.store.get(key, version);
  }

  remove(key: string, version: number | undefined): void {
    this.assertWritable();
    const { store } = this;
    this.accept(version === undefined ? store.stampRemoveAll(key) : store.stampRemoveVersion(key, version));
  }

  snapshot(version: number | undefined): Iterable<Row | undefined> {
    this.assertServing();
    return this.store.values(version);
  }

  /** The road of a local mutation, stamped just now. */
  private accept(mutation: Mutation): void {
    const seq = this.store.vector.seqOf(this.origin) + 1;
    this.store.apply(this.origin, seq, mutation);
    this.outbox.add(seq, mutation);
  }

  private assertServing(): void {
    if (this.current === 'serving') return;
    if (this.current === 'joining') {
      throw new KvsError(
        'SERVIDOR_ENTRANDO',
        'o servidor ainda está recebendo o estado da frota; tente daqui a pouco',
      );
    }
    throw new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
  }

  private assertWritable(): void {
    this.assertServing();
    assertOriginFits(this.store, this.origin, this.tuning.origins);
    const leadMs = this.clockLeadMs;
    if (leadMs > this.tuning.clockDriftMs) {
      const seconds = Math.round(leadMs / 1000);
      throw new KvsError(
        'RELOGIO_ADIANTADO',
        `o relógio deste servidor está ${seconds} s adiante da frota; acerte-o`,
      );
    }
  }

  // ── the peers' side ────────────────────────────────────────────────────────────────────────────────────────────

  /** Refreshed at each presence, not at each write: peers' clocks are only known then. */
  private clockLeadMs = 0;

  private onMessage(message: Message, bytes: number): void {
    if (this.current === 'leaving') return;
    switch (message.type) {
      case 'batch':
        this.receiver.receive(message.batch, bytes);
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
    if (presence.origin === this.origin) {
      // The last will of an earlier connection of ours: peers must not believe it.
      if (presence.state === 'leaving') this.announcer.announce();
      return;
    }
    const isNew = this.peers.note(presence);
    this.clockLeadMs = this.peers.clockLeadMs();
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
      this.peers.all().some(({ presence }) => presence.state === 'serving' || presence.origin < this.origin);
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

  private changeState(state: FleetState): void {
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

const ESTADOS: Readonly<Record<FleetState, string>> = {
  joining: 'entrando na frota',
  serving: 'atendendo',
  draining: 'entregando o que falta antes de sair',
  leaving: 'saindo da frota',
};
