import { backoffMs } from '../../core/backoff.js';
import { leaderLimits } from './limits.js';
import type { VectorEntries } from '../../core/dot.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import { keysOf } from '../../wire/mensagem/decode.js';
import { mutationMessage } from '../../wire/mensagem/encode.js';
import { mensagemLimits } from '../../wire/mensagem/limits.js';
import type { LinkHost, LinkPhase } from './link-host.js';
import type { Logged } from './log.js';
import type { RolePeer } from './role.js';
import { connectToServer } from './server-connection.js';
import { StateGiver, StateTaker } from './transfer.js';
import { Window } from './window.js';
import { EXPIRY_LEVEL, MENSAGEM_FORMAT, MENSAGEM_LEVEL } from '../../wire/mensagem/messages.js';
import type { LeaderOkMessage, Mensagem, StateBeginMessage } from '../../wire/mensagem/messages.js';

/**
 * The leader's side of one follower: one connection, kept up, on which every mutation goes out in order. A follower that
 * was away gets what it lacks from the log, or the whole state; {@link acknowledged} counts only what it holds now.
 */
export class FollowerLink {
  private connection: MensagemConnection | undefined;
  private phase: LinkPhase = 'away';
  private theirs: VectorEntries = [];
  private isTaken = false;
  private level = 0;
  private confirmed = 0;
  /** The next seq to send. */
  private next = 1;
  readonly window = new Window();
  /** The seq at which the follower has caught up; `undefined` before that is known. */
  private target: number | undefined;
  private told = false;
  private giver: StateGiver | undefined;
  private taker: StateTaker | undefined;
  private failures = 0;
  private heardMs = 0;
  private stopped = false;
  private warned: string | undefined;

  constructor(
    readonly address: string,
    private readonly host: LinkHost,
  ) {}

  /** Whether the leader has what this follower held when the leader started. */
  get taken(): boolean {
    return this.isTaken;
  }

  /** Whether the follower, when it was last here, was of a version that understands values that expire. */
  get understandsExpiry(): boolean {
    return this.level >= EXPIRY_LEVEL;
  }

  /** The leader's last seq that the follower is known to hold now; 0 while it is away. */
  get acknowledged(): number {
    return this.confirmed;
  }

  /** Whether it has caught up since it was last away. */
  get upToDate(): boolean {
    return this.phase === 'streaming' && this.told;
  }

  /** How the follower is. */
  peer(): RolePeer {
    const state = this.upToDate ? 'upToDate' : this.phase === 'away' ? 'away' : 'behind';
    const { address, heardMs } = this;
    return { address, isLeader: false, state, lag: this.host.log.last - this.confirmed, heardMs };
  }

  start(): void {
    if (this.stopped || this.connection !== undefined || this.isCut) return;
    const connection = connectToServer(this.address, this.host, {
      onOpen: () => {
        const { origin, self, epoch, shows, store } = this.host;
        const parties = { lider: self, seguidor: this.address, ...shows };
        connection.send({
          tipo: 'LEADER',
          ...{ formato: MENSAGEM_FORMAT, origem: origin, ...parties },
          ...{ inicio: epoch, nivel: MENSAGEM_LEVEL, hora: store.clock.nowMs() },
        });
        this.heardMs = this.host.time.monotonicMs();
        this.watch(connection);
      },
      onMessage: (message) => {
        this.heardMs = this.host.time.monotonicMs();
        if (connection === this.connection) this.onMessage(connection, message);
      },
      onClose: () => this.lost(),
    });
    this.connection = connection;
  }

  /** The laboratory has cut this server off, or connects it again. */
  heedCut(): void {
    if (this.isCut) this.restart();
    else this.start();
  }

  private get isCut(): boolean {
    return this.host.laboratory?.cut.isCut === true;
  }

  stop(): void {
    this.stopped = true;
    this.connection?.end();
  }

  /** Starts over from the greeting. */
  restart(): void {
    this.connection?.destroy();
  }

  /** Continues after whatever held this link up may have changed. */
  resume(): void {
    if (this.phase === 'held') this.proceed();
  }

  /** Sends pending mutations, as far as the window allows. */
  pump(): void {
    if (this.phase !== 'streaming') return;
    while (this.next <= this.host.log.last && !this.window.isFull) {
      const sent = this.sendStep();
      if (sent === undefined) {
        // The follower is too slow for the log: it gets the whole state.
        this.restart();
        return;
      }
      for (const { bytes } of sent) this.window.sent(bytes);
    }
    if (this.told || this.target === undefined || this.confirmed < this.target) return;
    this.told = true;
    this.warned = undefined;
    this.failures = 0;
    this.connection?.send({ tipo: 'SERVING' });
    this.host.logger.info({ servidor: this.address }, 'seguidor em dia');
    this.host.onChange();
  }

  private onMessage(connection: MensagemConnection, message: Mensagem): void {
    switch (message.tipo) {
      case 'LEADER_OK':
        this.greeted(message);
        return;
      case 'LEADER_STALE':
        this.host.raiseEpoch(message.inicio);
        this.restart();
        return;
      case 'ERROR':
        this.warn(message.mensagem);
        return;
      case 'REPLICATION_OK':
        this.confirm(message.seq);
        return;
      case 'STATE_BEGIN':
        if (this.phase === 'taking') this.taker = new StateTaker(this.host.store, message.vetor);
        return;
      case 'STATE_PAGE':
        connection.did('held');
        this.takePage(message);
        return;
      case 'STATE_OK':
        connection.did('answered');
        if (this.phase === 'giving') this.give();
        return;
      default:
        return;
    }
  }

  private greeted({ vetor, nivel = 1, hora = 0 }: LeaderOkMessage): void {
    const { store, expiryUse } = this.host;
    this.level = nivel;
    if (!this.understandsExpiry && expiryUse.isUsed) {
      this.warn('é de uma versão anterior, e aqui há valores que expiram: atualize-o');
      this.connection?.end();
      return;
    }
    // What an earlier leader has shown as expired stays so.
    store.clock.witness(hora);
    this.theirs = vetor;
    this.phase = 'held';
    this.proceed();
  }

  private proceed(): void {
    const { store, serving } = this.host;
    if (!this.isTaken) {
      if (!store.vector.covers(this.theirs)) {
        if (!this.host.mayTake(this)) return;
        this.phase = 'taking';
        this.connection?.send({ tipo: 'STATE_REQUEST' });
        return;
      }
      this.isTaken = true;
      this.host.onTaken(this);
    }
    if (serving && this.phase === 'held') this.bringUp();
  }

  /** Sends everything that the follower lacks, from the log if it reaches back far enough. */
  private bringUp(): void {
    const { store, origin, log } = this.host;
    if (!store.vector.covers(this.theirs)) {
      this.warn('tem dados que o líder não conhece: pare-o e abra-o de novo, vazio');
      this.connection?.end();
      return;
    }
    const theirs = new Map(this.theirs);
    const holds = theirs.get(origin) ?? 0;
    const older = store.vector.entries().filter(([other]) => other !== origin);
    const inLog = holds + 1 >= log.first && older.every(([other, seq]) => (theirs.get(other) ?? 0) >= seq);
    this.window.clear();
    this.told = false;
    if (inLog) {
      this.phase = 'streaming';
      this.next = holds + 1;
      this.target = log.last;
      this.confirm(holds);
      return;
    }
    this.phase = 'giving';
    this.next = log.last + 1;
    this.giver = new StateGiver(store);
    const begin: StateBeginMessage = { tipo: 'STATE_BEGIN', vetor: store.vector.entries() };
    this.connection?.send(begin);
    this.give();
  }

  /** Sends the next page of the state, after every mutation since the previous page. */
  private give(): void {
    const { giver } = this;
    if (giver === undefined) return;
    if (giver.done) {
      this.giver = undefined;
      this.phase = 'streaming';
      this.target = this.next - 1;
      this.confirm(this.next - 1);
      return;
    }
    for (let bytes = 0; this.next <= this.host.log.last;) {
      if (bytes > leaderLimits.windowBytes) {
        this.connection?.send(giver.emptyPage());
        return;
      }
      const sent = this.sendStep();
      if (sent === undefined) {
        this.restart();
        return;
      }
      for (const logged of sent) bytes += logged.bytes;
    }
    this.connection?.send(giver.nextPage());
  }

  /**
   * Sends the step that begins with {@link next}, all of it: a window never ends in the middle of a step, since a
   * step is acknowledged as a whole.
   * @returns its mutations; `undefined` if the log has forgotten them
   */
  private sendStep(): readonly Logged[] | undefined {
    const { log, origin, store } = this.host;
    const leaderMs = store.expiringCount > 0 ? store.clock.nowMs() : undefined;
    const seq = this.next;
    const step = log.step(seq);
    if (step === undefined) return undefined;
    if (step.length > 1) {
      this.connection?.send({ tipo: 'STEP', origem: origin, seq, ultimo: seq + step.length - 1 });
    }
    for (const { mutation } of step) {
      this.connection?.send(mutationMessage(origin, this.next++, mutation, leaderMs));
    }
    return step;
  }

  private takePage(message: Extract<Mensagem, { tipo: 'STATE_PAGE' }>): void {
    const { taker } = this;
    if (this.phase !== 'taking' || taker === undefined) return;
    try {
      const keys = keysOf(message);
      this.host.expiryUse.noteKeys(keys);
      taker.page(keys);
    } catch (error) {
      this.warn(`o estado que enviou não serve: ${String(error)}`);
      this.restart();
      return;
    }
    this.connection?.send({ tipo: 'STATE_OK' });
    if (!message.fim) return;
    taker.join();
    this.taker = undefined;
    this.isTaken = true;
    this.phase = 'held';
    this.host.onTaken(this);
    this.resume();
  }

  private confirm(seq: number): void {
    if (this.phase !== 'streaming' || seq >= this.next) return;
    // The first confirmation covers what the follower already held: none of that is in flight.
    if (seq > this.confirmed) this.window.acknowledged(seq - this.confirmed);
    this.confirmed = Math.max(this.confirmed, seq);
    this.host.onAcknowledged();
    this.pump();
  }

  private watch(connection: MensagemConnection): void {
    this.host.time.after(leaderLimits.pingMs, () => {
      if (connection !== this.connection || connection.closed) return;
      if (this.host.time.monotonicMs() - this.heardMs > mensagemLimits.silentMs) {
        connection.destroy();
        return;
      }
      connection.send({ tipo: 'PING', hora: this.host.store.clock.nowMs(), ...this.host.everywhere() });
      this.watch(connection);
    });
  }

  private lost(): void {
    const was = this.phase;
    this.connection = undefined;
    this.phase = 'away';
    this.confirmed = 0;
    this.target = undefined;
    this.told = false;
    this.giver = undefined;
    this.taker = undefined;
    if (this.stopped) return;
    if (was === 'taking') this.host.onTaken(this);
    if (was === 'streaming') {
      this.host.logger.warn(
        { servidor: this.address },
        'seguidor fora: escritas ficam sem confirmação até ele voltar',
      );
      this.host.onChange();
    }
    const { time, random } = this.host;
    const { retryBaseMs, retryCapMs } = leaderLimits;
    time.after(backoffMs(this.failures++, retryBaseMs, retryCapMs, random.next()), () => this.start());
  }

  /** Logs a reason once, however often it repeats in a row. */
  private warn(why: string): void {
    if (this.warned === why) return;
    this.warned = why;
    this.host.logger.warn({ servidor: this.address }, `seguidor: ${why}`);
  }
}
