import { connect } from 'node:net';
import { KvsError } from '../../core/errors.js';
import { leaderLimits } from './limits.js';
import { MensagemConnection } from '../../wire/mensagem/connection.js';
import { SERVER_SHAPE, mensagemLimits } from '../../wire/mensagem/limits.js';
import { splitAddress } from './role.js';
import type { RoleOptions } from './role.js';
import { MENSAGEM_FORMAT, MENSAGEM_LEVEL } from '../../wire/mensagem/messages.js';
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
  /** Whether that leader is of a version that understands values that expire. */
  private understandsExpiry = false;
  private refusal: string | undefined;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private stopped = false;

  constructor(private readonly options: RoleOptions) {}

  /** @throws KvsError SEM_LIDER, RESULTADO_DESCONHECIDO, LIMITE_PEDIDOS, NAO_SUPORTADO */
  request(request: Request): Promise<MensagemAnswer> {
    if (this.pending.size >= leaderLimits.pendingWrites) {
      throw new KvsError('LIMITE_PEDIDOS', 'escritas demais esperam pelo líder; tente daqui a pouco');
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
    if (this.connection !== undefined || this.stopped) return;
    const { host, port } = splitAddress(this.options.leader);
    const socket = connect({ host, port });
    const cancelConnect = this.options.time.after(mensagemLimits.connectMs, () => socket.destroy());
    this.refusal = undefined;
    const connection = new MensagemConnection(socket, {
      time: this.options.time,
      budget: this.options.budget,
      limits: { lineBytes: mensagemLimits.lineBytes, lineMs: Infinity, idleMs: Infinity },
      shape: SERVER_SHAPE,
      onMessage: (message) => {
        cancelConnect();
        this.onMessage(message);
        return undefined;
      },
      onClose: () => {
        cancelConnect();
        this.closed();
      },
    });
    this.connection = connection;
    socket.setKeepAlive(true, mensagemLimits.silentMs);
    socket.once('connect', () => {
      const { self, shows } = this.options;
      connection.send({ tipo: 'FOLLOWER', formato: MENSAGEM_FORMAT, servidor: self, ...shows });
    });
  }

  stop(): void {
    this.stopped = true;
    this.connection?.end();
    for (const id of [...this.pending.keys()]) this.fail(id, 'este servidor está saindo');
  }

  private onMessage(message: Mensagem): void {
    if (message.tipo === 'FOLLOWER_OK') {
      this.accepted = true;
      this.understandsExpiry = (message.nivel ?? 1) >= MENSAGEM_LEVEL;
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
    this.settle(id)?.resolve(message as MensagemAnswer);
  }

  private send(id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined || pending.sent) return;
    // A leader of an earlier version would take it for a value that stays.
    if ('ttl' in pending.request && !this.understandsExpiry) {
      this.settle(id)?.reject(
        new KvsError('NAO_SUPORTADO', 'o líder é de uma versão sem valores que expiram; nada foi escrito'),
      );
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
