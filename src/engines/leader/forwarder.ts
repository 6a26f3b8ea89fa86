import { KvsError } from '../../core/errors.js';
import { leaderLimits } from './limits.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import { mensagemLimits } from '../../wire/mensagem/limits.js';
import type { RoleOptions } from './role.js';
import { connectToServer } from './server-connection.js';
import { COMPARE_LEVEL, EXPIRY_LEVEL, MENSAGEM_FORMAT } from '../../wire/mensagem/messages.js';
import type { MensagemAnswer, Mensagem, PutMessage } from '../../wire/mensagem/messages.js';
import type { WriteRequest } from '../../wire/mensagem/writes.js';

/** What can be forwarded, before it has an id. */
export type Request = Omit<PutMessage, 'id'> | WriteRequest;

interface Pending {
  readonly request: Request;
  readonly resolve: (answer: MensagemAnswer) => void;
  readonly reject: (error: KvsError) => void;
  readonly cancel: () => void;
  sent: boolean;
}

/**
 * A follower's connection to the leader for forwarded requests: opened when needed, kept while it lasts. Answers come
 * in any order. A request that was never sent fails with SEM_LIDER, one that was sent but not answered with
 * RESULTADO_DESCONHECIDO.
 */
export class Forwarder {
  private connection: MensagemConnection | undefined;
  /** Whether the leader has accepted this server as one of its followers. */
  private accepted = false;
  /** What that leader understands: see `MENSAGEM_LEVEL`. */
  private level = 1;
  private refusal: string | undefined;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private stopped = false;

  constructor(private readonly options: RoleOptions) {
    options.laboratory?.cut.onChange(() => {
      if (this.isCut) this.connection?.destroy();
      else this.open();
    });
  }

  /** @throws KvsError SEM_LIDER, RESULTADO_DESCONHECIDO, LIMITE_PEDIDOS, NAO_SUPORTADO */
  request(request: Request): Promise<MensagemAnswer> {
    if (this.pending.size >= leaderLimits.pendingWrites) {
      throw new KvsError('LIMITE_PEDIDOS', 'escritas demais esperam pelo líder; tente daqui a pouco');
    }
    if (this.isCut) {
      throw new KvsError('SEM_LIDER', 'este servidor está isolado de propósito; nada foi escrito');
    }
    return new Promise((resolve, reject) => {
      const id = ++this.lastId;
      const patienceMs = this.options.deadlineMs + leaderLimits.forwardMarginMs;
      const cancel = this.options.time.after(patienceMs, () => {
        this.fail(id, `o líder não respondeu em ${patienceMs} ms`);
        // A leader silent for so long may be gone: the next request finds out.
        this.connection?.destroy();
      });
      this.pending.set(id, { request, resolve, reject, cancel, sent: false });
      this.open();
      if (this.accepted) this.send(id);
    });
  }

  /**
   * Connects if not connected, so that people learn of a leader that does not know this server before anybody writes.
   */
  open(): void {
    if (this.connection !== undefined || this.stopped || this.isCut) return;
    this.refusal = undefined;
    const { self, shows, leader } = this.options;
    const connection = connectToServer(leader, this.options, {
      mustAnswer: true,
      onOpen: () => {
        connection.send({ tipo: 'FOLLOWER', formato: MENSAGEM_FORMAT, servidor: self, ...shows });
      },
      onMessage: (message) => {
        this.onMessage(connection, message);
      },
      onClose: () => this.closed(),
    });
    this.connection = connection;
    connection.socket.setKeepAlive(true, mensagemLimits.silentMs);
  }

  private get isCut(): boolean {
    return this.options.laboratory?.cut.isCut === true;
  }

  stop(): void {
    this.stopped = true;
    this.connection?.end();
    for (const id of [...this.pending.keys()]) this.fail(id, 'este servidor está saindo');
  }

  private onMessage(connection: MensagemConnection, message: Mensagem): void {
    if (message.tipo === 'FOLLOWER_OK') {
      this.accepted = true;
      this.level = message.nivel ?? 1;
      for (const id of this.pending.keys()) this.send(id);
      return;
    }
    const id = 'id' in message ? message.id : undefined;
    if (id === undefined) {
      if (message.tipo !== 'ERROR') return;
      this.refusal = message.mensagem;
      this.options.logger.warn({ lider: this.options.leader }, `o líder recusou: ${message.mensagem}`);
      return;
    }
    const pending = this.settle(id);
    if (pending === undefined) connection.did('ignored');
    else pending.resolve(message as MensagemAnswer);
  }

  private send(id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined || pending.sent) return;
    const lacking = lackingAt(this.level, pending.request);
    if (lacking !== undefined) {
      const why = `o líder é de uma versão sem ${lacking}; nada foi escrito`;
      this.settle(id)?.reject(new KvsError('NAO_SUPORTADO', why));
      return;
    }
    pending.sent = true;
    this.connection?.send({ ...pending.request, id });
  }

  private closed(): void {
    this.connection = undefined;
    this.accepted = false;
    const why = this.refusal ?? `o líder em ${this.options.leader} não responde`;
    for (const id of [...this.pending.keys()]) this.fail(id, why);
  }

  /** Takes a request off the list. */
  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    pending?.cancel();
    return pending;
  }

  private fail(id: number, why: string): void {
    const pending = this.settle(id);
    pending?.reject(
      pending.sent
        ? new KvsError(
            'RESULTADO_DESCONHECIDO',
            `${why}; a escrita pode ter sido feita: consulte antes de repetir`,
          )
        : new KvsError('SEM_LIDER', `${why}; nada foi escrito, e as leituras continuam`),
    );
  }
}

/** What a request needs that a leader of this level does not know: it would refuse it, or take it for something else. */
function lackingAt(level: number, request: Request): string | undefined {
  const isNew = request.tipo === 'OPERATION' && (request.op === 'compare' || request.op === 'renew');
  if (isNew && level < COMPARE_LEVEL) return 'comparações e renovações';
  // It would take it for a value that stays.
  return 'ttl' in request && level < EXPIRY_LEVEL ? 'valores que expiram' : undefined;
}
