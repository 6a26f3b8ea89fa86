import type { Origin, VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import { leaderLimits } from './limits.js';
import type { RetentionBound } from '../../core/retention.js';
import type { KeyMutation } from '../../core/mutation.js';
import type { Answers, OfKind } from '../../ports/engine.js';
import { planWrite, type PlannedWrite } from '../store-plan.js';
import { Acknowledgements } from './acknowledgements.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import { addressText, putAcknowledged, putReceived } from '../../wire/mensagem/console.js';
import { frontierOf } from './guarantees.js';
import { FollowerLink } from './follower-link.js';
import { ExpiryUse } from './expiry-use.js';
import type { LinkHost } from './link-host.js';
import { MutationLog } from './log.js';
import { assertServing } from './role.js';
import type { LeaderFigures, LeaderRole, RoleOptions, RolePeer, RoleState } from './role.js';
import { MENSAGEM_LEVEL } from '../../wire/mensagem/messages.js';
import type { Mensagem, WireClient } from '../../wire/mensagem/messages.js';
import type { OrderedWrite } from '../../wire/mensagem/writes.js';

/**
 * The leader: puts all writes in one order, sends each to every follower, and answers when all of them hold it.
 *
 * It starts empty, and takes what every other server holds before it accepts anything. Its own reads show a value
 * only when at least one other server has it, so that nothing that was shown is lost with the leader.
 */
export class Leader implements LeaderRole {
  readonly log = new MutationLog();
  readonly name = 'líder';
  private readonly links: readonly FollowerLink[];
  private readonly host: LinkHost;
  /** The seq up to which all other servers hold the leader's writes, */
  private readonly everywhere: Acknowledgements;
  /** and the seq up to which at least one does. */
  private readonly shown: Acknowledgements;
  /** Keys written beyond {@link shown}, each with its last seq; and the same keys in order. */
  private readonly fresh = new Map<string, number>();
  private freshKeys: string[] = [];
  private current: RoleState = 'joining';
  /** Whether every server has once caught up with this leader, so that all hold what there was before it. */
  private wasWhole = false;
  /** The last seq that a walk may have shown before another server had it. */
  private walked = 0;
  private taker: FollowerLink | undefined;
  private readonly expiryUse = new ExpiryUse();
  private epoch: number;

  constructor(private readonly options: RoleOptions) {
    const { time, deadlineMs } = options;
    this.epoch = time.wallMs();
    this.everywhere = new Acknowledgements(time, deadlineMs, () => {
      const why = `nem todos os servidores confirmaram em ${deadlineMs} ms`;
      return new KvsError(
        'RESULTADO_DESCONHECIDO',
        `${why}; alguns podem ter a escrita: consulte antes de repetir`,
      );
    });
    this.shown = new Acknowledgements(time, deadlineMs, notConfirmed);
    this.host = this.hostOf();
    this.links = options.others.map((address) => new FollowerLink(address, this.host));
    options.laboratory?.cut.onChange(() => {
      for (const link of this.links) link.heedCut();
    });
  }

  get state(): RoleState {
    return this.current;
  }

  get figures(): LeaderFigures {
    const { last } = this.log;
    const followers = this.links.map(({ address, upToDate, acknowledged, window }) => ({
      ...{ address, upToDate, lag: last - acknowledged, inFlight: window.used },
    }));
    return { followers, waiting: this.everywhere.waiting };
  }

  get whole(): boolean {
    return this.current === 'serving' && this.links.every((link) => link.upToDate);
  }

  get takesWrites(): boolean {
    return this.current === 'serving';
  }

  get leads(): boolean {
    return this.current === 'serving';
  }

  allHold(origin: Origin, seq: number): boolean {
    return this.wasWhole && (origin !== this.options.origin || seq <= this.everywhere.reached);
  }

  peers(): readonly RolePeer[] {
    return this.links.map((link) => link.peer());
  }

  start(): void {
    for (const link of this.links) link.start();
    this.serveIfTaken();
    this.sweepLater(leaderLimits.sweepIdleMs);
  }

  async put(key: string, value: string, client: WireClient): Promise<number> {
    this.assertWritable();
    const address = addressText(client.ip, client.porta);
    this.options.print(putReceived(address, key, value));
    const { version: timestamp } = await this.write({ kind: 'insert', key, value });
    this.options.print(putAcknowledged(address, key, timestamp));
    return timestamp;
  }

  write<K extends OrderedWrite['kind']>(write: OfKind<OrderedWrite, K>): Promise<Answers[K]>;
  /** Writes are ordered by when they are called. */
  async write(write: OrderedWrite): Promise<PlannedWrite['answer']> {
    this.assertWritable();
    if ('ttlMs' in write && write.ttlMs !== undefined) this.assertExpiryUnderstood();
    let planned: PlannedWrite;
    try {
      const { store, origin, room, time } = this.options;
      room.assertOriginFits(store, origin);
      planned = planWrite({ store, origin, room }, write, time.wallMs());
    } catch (error) {
      await this.settled();
      throw error;
    }
    const { mutations, answer } = planned;
    if (mutations.length === 0) await this.settled();
    else await this.everywhere.wait(this.accept(mutations));
    return answer;
  }

  async retain(key: string, bound: RetentionBound, most: number): Promise<number> {
    this.assertWritable();
    const { store, room, origin, time } = this.options;
    room.assertOriginFits(store, origin);
    const removal = store.key(key).removalBeyond(bound, time.wallMs(), most);
    if (removal === undefined) return 0;
    await this.everywhere.wait(this.accept([removal]));
    return removal.dots.length;
  }

  /**
   * Applies one step, all in this turn.
   * @param changesAnswers whether readers of its keys see it
   * @returns its seq, the last if it has several
   */
  private accept(mutations: readonly KeyMutation[], changesAnswers = true): number {
    const { store, origin } = this.options;
    let seq = this.log.last;
    this.log.append(mutations);
    for (const mutation of mutations) {
      store.apply(origin, ++seq, mutation);
      this.expiryUse.note(mutation);
      if (changesAnswers) this.fresh.set(mutation.key, seq);
      this.freshKeys.push(mutation.key);
    }
    if (this.links.length === 0) this.onAcknowledged();
    for (const link of this.links) link.pump();
    return seq;
  }

  visible(key: string | undefined): Promise<void> | undefined {
    const { last } = this.log;
    if (this.shown.reached >= last || (key !== undefined && !this.fresh.has(key))) return undefined;
    return this.shown.wait(last);
  }

  /** What no follower has is left out: if the leader were lost now, a session with it might wait for ever. */
  seen(): VectorEntries {
    const { store, origin } = this.options;
    return frontierOf(store.vector, origin, Math.max(this.shown.reached, this.walked));
  }

  showsAll(): void {
    this.walked = this.log.last;
  }

  onServerMessage(connection: MensagemConnection, message: Mensagem): boolean {
    if (message.tipo === 'FOLLOWER') {
      if (this.options.others.includes(message.servidor)) {
        connection.did('answered');
        connection.send({ tipo: 'FOLLOWER_OK', nivel: MENSAGEM_LEVEL });
        return true;
      }
      const known = this.options.others.join(', ');
      connection.fail(
        new KvsError(
          'CONFIGURACAO',
          `o líder não conhece o servidor ${message.servidor}; os outros são: ${known}`,
        ),
      );
      return false;
    }
    connection.fail(new KvsError('PEDIDO_INVALIDO', `este servidor é o líder: não recebe ${message.tipo}`));
    return false;
  }

  onClosed(): void {
    return;
  }

  async stop(): Promise<void> {
    const wasServing = this.current === 'serving';
    this.current = 'leaving';
    this.options.onChange();
    if (wasServing && this.everywhere.waiting > 0) {
      await Promise.race([
        this.everywhere.wait(this.log.last).catch(() => undefined),
        new Promise<void>((resolve) => this.options.time.after(leaderLimits.stopMs, resolve)),
      ]);
    }
    for (const link of this.links) link.stop();
    this.everywhere.giveUp();
    this.shown.giveUp();
  }

  /** An answer that changes nothing waits too, so that what it rests on cannot be lost with the leader. */
  private async settled(): Promise<void> {
    await this.everywhere.wait(this.log.last).catch(() => {
      throw notConfirmed();
    });
  }

  private assertWritable(): void {
    assertServing(this.current);
    const alone = this.log.last - this.shown.reached;
    if (Math.max(this.everywhere.waiting, alone) < leaderLimits.pendingWrites) return;
    throw new KvsError(
      'LIMITE_PEDIDOS',
      'escritas demais esperam pelos outros servidores; tente daqui a pouco',
    );
  }

  /** @throws KvsError NAO_SUPORTADO */
  private assertExpiryUnderstood(): void {
    const old = this.links.filter(({ understandsExpiry }) => !understandsExpiry);
    if (old.length === 0) return;
    const which = old.map(({ address }) => address).join(', ');
    throw new KvsError(
      'NAO_SUPORTADO',
      `valores que expiram só quando todos os servidores forem desta versão; ${which} ainda não é`,
    );
  }

  /**
   * Removes what has expired, little by little. Only while every server is up to date, so that a follower that is away
   * finds what it lacks in the log: what has expired is hidden in any case.
   */
  private sweepLater(afterMs: number): void {
    this.options.time.after(afterMs, () => {
      if (this.current === 'leaving') return;
      const due = this.whole ? this.options.store.dueDiscards(leaderLimits.sweepKeys) : [];
      for (const discard of due) this.accept([discard], false);
      const isBusy = due.length === leaderLimits.sweepKeys;
      this.sweepLater(isBusy ? leaderLimits.sweepBusyMs : leaderLimits.sweepIdleMs);
    });
  }

  private onAcknowledged(): void {
    const { last } = this.log;
    const held = this.links.map((link) => link.acknowledged);
    this.everywhere.advance(Math.min(last, ...held));
    const shown = held.length === 0 ? last : Math.max(...held);
    const before = this.shown.reached;
    this.shown.advance(shown);
    for (let seq = before + 1; seq <= shown; seq++) this.options.onShown();
    const settled = this.freshKeys.slice(0, Math.max(0, shown - before));
    if (settled.length === 0) return;
    this.freshKeys = this.freshKeys.slice(settled.length);
    for (const key of settled) if ((this.fresh.get(key) ?? 0) <= shown) this.fresh.delete(key);
  }

  private serveIfTaken(): void {
    if (this.current !== 'joining' || !this.links.every((link) => link.taken)) return;
    this.current = 'serving';
    this.options.logger.info({ seguidores: this.options.others }, 'líder: atendendo');
    this.changed();
    for (const link of this.links) link.resume();
  }

  private changed(): void {
    this.wasWhole ||= this.whole;
    this.options.onChange();
  }

  private hostOf(): LinkHost {
    const leader = (): Leader => this;
    return {
      ...this.options,
      log: this.log,
      expiryUse: this.expiryUse,
      get serving() {
        return leader().current === 'serving';
      },
      get epoch() {
        return leader().epoch;
      },
      raiseEpoch: (seen) => {
        this.epoch = Math.max(this.epoch, seen + 1);
      },
      mayTake: (link) => {
        this.taker ??= link;
        return this.taker === link;
      },
      onTaken: (link) => {
        if (this.taker === link) {
          this.taker = undefined;
          for (const other of this.links) if (other !== link) other.resume();
        }
        this.serveIfTaken();
      },
      onAcknowledged: () => this.onAcknowledged(),
      onChange: () => this.changed(),
      everywhere: () => (this.wasWhole ? { emTodos: this.everywhere.reached } : {}),
    };
  }
}

function notConfirmed(): KvsError {
  return new KvsError(
    'SEM_CONFIRMACAO',
    'o valor mais novo está só no líder, e nenhum outro servidor o confirmou ainda; tente daqui a pouco',
  );
}
