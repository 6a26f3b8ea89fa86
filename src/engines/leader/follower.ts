import type { Origin, VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import { mensagemLimits } from '../../wire/mensagem/limits.js';
import type { Answers, OfKind } from '../../ports/engine.js';
import type { Counted } from '../../ports/lines.js';
import { removedFrom } from '../store-plan.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import { putForwarded, replicationReceived } from '../../wire/mensagem/console.js';
import { keysOf, mutationOf } from '../../wire/mensagem/decode.js';
import { ExpiryUse } from './expiry-use.js';
import { Forwarder } from './forwarder.js';
import type { Request } from './forwarder.js';
import { frontierOf } from './guarantees.js';
import type { LeaderTime } from './leader-time.js';
import { assertServing } from './role.js';
import type { LeaderRole, RoleOptions, RolePeer, RoleState } from './role.js';
import { StateGiver, StateTaker } from './transfer.js';
import { answerIn, requestOf, unexpected } from '../../wire/mensagem/writes.js';
import type { OrderedWrite } from '../../wire/mensagem/writes.js';
import { EXPIRY_LEVEL, MENSAGEM_FORMAT, MENSAGEM_LEVEL } from '../../wire/mensagem/messages.js';
import type {
  MensagemAnswer,
  LeaderMessage,
  Mensagem,
  RemovalMessage,
  ReplicationMessage,
  StatePageMessage,
  WireClient,
} from '../../wire/mensagem/messages.js';

type MutationMessage = ReplicationMessage | RemovalMessage;

/** How often a follower without a leader looks for it. */
const LOOK_MS = 2_000;

/**
 * A follower: holds what the leader sends, in its order, and forwards all writes to the leader. Reads continue
 * without a leader, once this server has caught up with one.
 */
export class Follower implements LeaderRole {
  readonly name = 'seguidor';
  private readonly forwarder: Forwarder;
  private current: RoleState = 'joining';
  /** The leader's connection. Once another leader was answered, nothing from an earlier connection may be applied. */
  private bound: { readonly connection: MensagemConnection; readonly origin: string } | undefined;
  private epoch = 0;
  /** When the leader last said anything, monotonic ms; 0: never. */
  private heardMs = 0;
  /** Origin of the last leader, which may be gone. */
  private lastOrigin: Origin | undefined;
  private caughtUp = false;
  /** The last seq of that leader that all servers hold, as it says; `undefined`: they may lack even older ones. */
  private everywhere: number | undefined;
  private taker: StateTaker | undefined;
  private giver: StateGiver | undefined;
  /** The received part of an incomplete step, which has no effect before it is complete. */
  private step:
    { readonly seq: number; readonly ultimo: number; readonly mutations: MutationMessage[] } | undefined;

  private readonly expiryUse = new ExpiryUse();

  /** @param leaderTime by which its store sees what has expired */
  constructor(
    private readonly options: RoleOptions,
    private readonly leaderTime: LeaderTime,
  ) {
    this.forwarder = new Forwarder(options);
  }

  get state(): RoleState {
    return this.current;
  }

  get whole(): boolean {
    return this.current === 'serving' && this.caughtUp;
  }

  get takesWrites(): boolean {
    return this.whole;
  }

  readonly leads = false;

  allHold(origin: Origin, seq: number): boolean {
    const { everywhere } = this;
    return everywhere !== undefined && (origin !== this.lastOrigin || seq <= everywhere);
  }

  peers(): readonly RolePeer[] {
    return this.options.others.map((address) => this.peer(address));
  }

  private peer(address: string): RolePeer {
    const isLeader = address === this.options.leader;
    const heardMs = isLeader ? this.heardMs : 0;
    const near = this.whole ? 'upToDate' : this.bound === undefined ? 'away' : 'behind';
    return { address, isLeader, state: isLeader ? near : 'unknown', lag: 0, heardMs };
  }

  start(): void {
    this.look();
  }

  async put(key: string, value: string, client: WireClient): Promise<number> {
    assertServing(this.current);
    this.options.print(putForwarded(key, value));
    const answer = await this.ask({ tipo: 'PUT', chave: key, valor: value, cliente: client });
    if (answer.tipo === 'PUT_OK') return answer.timestamp;
    throw unexpected(answer);
  }

  write<K extends OrderedWrite['kind']>(write: OfKind<OrderedWrite, K>): Promise<Answers[K]>;
  async write(write: OrderedWrite): Promise<Answers[OrderedWrite['kind']]> {
    assertServing(this.current);
    const seen = write.kind === 'remove' ? this.removed(write.key, write.version) : undefined;
    return answerIn(write, await this.ask(requestOf(write)), seen);
  }

  private removed(key: string, version: number | undefined): Counted {
    return removedFrom(this.options.store.key(key), version);
  }

  retain(): Promise<number> {
    return Promise.resolve(0);
  }

  visible(): undefined {
    return undefined;
  }

  seen(): VectorEntries {
    const { vector } = this.options.store;
    return this.lastOrigin === undefined
      ? vector.entries()
      : frontierOf(vector, this.lastOrigin, vector.seqOf(this.lastOrigin));
  }

  /** Nothing to do: a follower hides nothing. */
  showsAll(): void {
    return;
  }

  onServerMessage(connection: MensagemConnection, message: Mensagem): boolean {
    if (message.tipo === 'LEADER') return this.greet(connection, message);
    if (this.bound?.connection !== connection) {
      connection.fail(new KvsError('PEDIDO_INVALIDO', `${message.tipo} só vem do líder, depois de LEADER`));
      return false;
    }
    try {
      this.onLeaderMessage(connection, message, this.bound.origin);
    } catch (error) {
      this.options.logger.error({ err: error }, 'o que o líder enviou não serve: começando de novo com ele');
      connection.fail(new KvsError('PEDIDO_INVALIDO', 'a mensagem não continua as anteriores'));
    }
    return true;
  }

  onClosed(connection: MensagemConnection): void {
    if (this.bound?.connection !== connection) return;
    this.unbind();
    this.options.logger.warn({ lider: this.options.leader }, 'sem líder: só leituras até ele voltar');
    this.options.onChange();
  }

  stop(): Promise<void> {
    this.current = 'leaving';
    this.options.onChange();
    this.bound?.connection.end();
    this.forwarder.stop();
    return Promise.resolve();
  }

  private greet(connection: MensagemConnection, message: LeaderMessage): boolean {
    const { self, leader } = this.options;
    if (message.lider !== leader || message.seguidor !== self) {
      const wrong = `${message.lider} diz ser o líder de ${message.seguidor}, mas este é ${self} e o líder dele é ${leader}`;
      connection.fail(new KvsError('CONFIGURACAO', wrong));
      return false;
    }
    connection.did('answered');
    if (message.inicio < this.epoch || this.current === 'leaving') {
      connection.send({ tipo: 'LEADER_STALE', inicio: this.epoch });
      connection.end();
      return false;
    }
    if ((message.nivel ?? 1) < EXPIRY_LEVEL && this.expiryUse.isUsed) {
      const why = `o líder é de uma versão anterior, e ${self} tem valores que expiram: atualize o líder`;
      connection.fail(new KvsError('CONFIGURACAO', why));
      return false;
    }
    const before = this.bound?.connection;
    this.unbind();
    this.epoch = message.inicio;
    this.lastOrigin = message.origem;
    this.everywhere = undefined;
    const { clock } = this.options.store;
    const hora = clock.nowMs();
    this.leaderTime.hear(message.hora);
    this.bound = { connection, origin: message.origem };
    before?.destroy();
    connection.setIdleMs(mensagemLimits.silentMs);
    connection.send({
      tipo: 'LEADER_OK',
      formato: MENSAGEM_FORMAT,
      vetor: this.options.store.vector.entries(),
      nivel: MENSAGEM_LEVEL,
      ...(hora > 0 && { hora }),
    });
    return true;
  }

  private onLeaderMessage(connection: MensagemConnection, message: Mensagem, origin: string): void {
    this.heardMs = this.options.time.monotonicMs();
    if ('hora' in message) this.leaderTime.hear(message.hora);
    switch (message.tipo) {
      case 'REPLICATION':
      case 'REMOVAL':
        if (message.origem !== origin) throw new Error(`mutation of ${message.origem}, not of ${origin}`);
        this.take(connection, message);
        return;
      case 'STEP':
        if (message.origem !== origin) throw new Error(`step of ${message.origem}, not of ${origin}`);
        connection.did('held');
        // While a state is being assembled, nobody is shown any of it.
        if (this.taker === undefined) this.step = { ...message, mutations: [] };
        return;
      case 'STATE_REQUEST':
        connection.did('answered');
        this.giver = new StateGiver(this.options.store);
        connection.send({ tipo: 'STATE_BEGIN', vetor: this.options.store.vector.entries() });
        connection.send(this.giver.nextPage());
        return;
      case 'STATE_OK':
        if (this.giver?.done === false) {
          connection.did('answered');
          connection.send(this.giver.nextPage());
        } else this.giver = undefined;
        return;
      case 'STATE_BEGIN':
        this.taker = new StateTaker(this.options.store, message.vetor);
        return;
      case 'STATE_PAGE':
        connection.did(message.fim ? 'known' : 'held');
        this.takePage(message);
        if (message.fim) {
          this.taker?.join();
          this.taker = undefined;
          this.options.onJoined();
        }
        connection.send({ tipo: 'STATE_OK' });
        return;
      case 'SERVING':
        this.caughtUp = true;
        if (this.current === 'joining') {
          this.current = 'serving';
          this.options.logger.info({ lider: this.options.leader }, 'seguidor: em dia com o líder, atendendo');
        }
        this.options.onChange();
        return;
      case 'PING':
        connection.did('answered');
        this.everywhere = message.emTodos;
        connection.send({ tipo: 'PONG' });
        return;
      default:
        throw new Error(`unexpected ${message.tipo}`);
    }
  }

  private takePage(message: StatePageMessage): void {
    const keys = keysOf(message);
    this.expiryUse.noteKeys(keys);
    this.taker?.page(keys);
  }

  /** Applies a single mutation at once, and those of a step when the step is complete. */
  private take(connection: MensagemConnection, message: MutationMessage): void {
    const { step } = this;
    connection.did('held');
    if (this.taker !== undefined) {
      const mutation = mutationOf(message);
      this.expiryUse.note(mutation);
      this.taker.mutation(message.origem, message.seq, mutation);
    } else if (step === undefined) {
      this.apply(connection, [message]);
    } else {
      const due = step.seq + step.mutations.length;
      if (message.seq !== due) throw new Error(`mutation ${message.seq} of a step, not ${due}`);
      step.mutations.push(message);
      if (due < step.ultimo) return;
      this.step = undefined;
      this.apply(connection, step.mutations);
    }
  }

  /**
   * Applies mutations in the leader's order, each once despite repetitions, and those of a step in one turn, so that
   * no read comes in between.
   */
  private apply(connection: MensagemConnection, messages: readonly MutationMessage[]): void {
    const { store, print, onShown } = this.options;
    let fresh = 0;
    let last = 0;
    for (const message of messages) {
      const { origem, seq } = message;
      const applied = store.vector.seqOf(origem);
      if (seq > applied + 1) throw new Error(`mutation ${seq} after ${applied}`);
      last = Math.max(seq, applied);
      if (seq <= applied) continue;
      const mutation = mutationOf(message);
      this.expiryUse.note(mutation);
      store.apply(origem, seq, mutation);
      fresh++;
      if (message.tipo === 'REPLICATION') {
        print(replicationReceived(message.chave, message.valor, message.timestamp));
      }
    }
    if (fresh === 0) connection.did('known');
    while (fresh-- > 0) onShown();
    connection.send({ tipo: 'REPLICATION_OK', seq: last });
  }

  private unbind(): void {
    this.bound = undefined;
    this.step = undefined;
    this.caughtUp = false;
    this.taker = undefined;
    this.giver = undefined;
  }

  private async ask(request: Request): Promise<MensagemAnswer> {
    const answer = await this.forwarder.request(request);
    if (answer.tipo === 'ERROR' || answer.tipo === 'UNKNOWN_OUTCOME') {
      throw new KvsError(answer.codigo, answer.mensagem);
    }
    return answer;
  }

  private look(): void {
    if (this.current === 'leaving') return;
    if (this.bound === undefined) this.forwarder.open();
    this.options.time.after(LOOK_MS, () => this.look());
  }
}
