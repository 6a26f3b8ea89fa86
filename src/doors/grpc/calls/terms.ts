import { Metadata } from '@grpc/grpc-js';
import { KvsError } from '../../../core/errors.js';
import { limits } from '../../../core/limits.js';
import type { Awaitable, Engine } from '../../../ports/engine.js';
import type { Guarantees } from '../../../ports/guarantees.js';
import type { Caller } from './admission.js';
import { andThen } from './operation.js';

/** A session token, or `nova`: answered by a token in the trailing metadata of the same name. */
export const SESSION_METADATA = 'kvs-sessao';
/** How many other servers must hold a write before it is answered. */
export const CONFIRM_METADATA = 'kvs-confirmacao';
/** How long to wait for them, in ms. */
export const CONFIRM_TIME_METADATA = 'kvs-confirmacao-prazo';
/** Trailing: the version of a write that was done and not confirmed by as many. */
export const VERSION_METADATA = 'kvs-versao';

/** Asks for a token without having one. */
const NEW_SESSION: ReadonlySet<string> = new Set(['', 'nova']);

/** An answer is sent so much before the client's deadline: later nobody would get it. */
const ANSWER_MARGIN_MS = 100;

/** Marks an operation as one that writes, and finds the version written in its answer, if that says one. */
export type Written<Res> = (answer: Res) => number | undefined;

interface Demanding {
  readonly metadata: Metadata;
  getDeadline(): Date | number;
}

/** What a call demands beyond an answer, by its metadata: read once, when it begins. */
export class Terms {
  private unconfirmed: number | undefined;
  /** This server has what the session has seen: only then its own token takes the place of the client's. */
  private hasReached = false;

  private constructor(
    private readonly guarantees: Guarantees,
    private readonly call: Demanding,
    /** `undefined`: no session. */
    private readonly token: string | undefined,
    /** 0: no confirmation. */
    private readonly servers: number,
    private readonly confirmMs: number,
  ) {}

  /**
   * `undefined` for the many calls that demand nothing.
   * @throws KvsError PEDIDO_INVALIDO, NAO_SUPORTADO
   */
  static of(call: Demanding, engine: Engine): Terms | undefined {
    const { metadata } = call;
    const [token] = metadata.get(SESSION_METADATA);
    const [servers] = metadata.get(CONFIRM_METADATA);
    if (token === undefined && servers === undefined) return undefined;
    const { guarantees } = engine;
    if (guarantees === undefined) {
      throw new KvsError('NAO_SUPORTADO', 'este motor não oferece sessões nem confirmações');
    }
    const [time] = metadata.get(CONFIRM_TIME_METADATA);
    return new Terms(
      guarantees,
      call,
      token?.toString(),
      servers === undefined ? 0 : whole(servers, CONFIRM_METADATA, limits.confirmServers),
      time === undefined ? limits.confirmMs : whole(time, CONFIRM_TIME_METADATA, limits.confirmMsMax),
    );
  }

  /**
   * Waits until this server has what the session has seen.
   * @returns the caller, on what has it
   * @throws KvsError (as a rejection too) PEDIDO_INVALIDO, SESSAO_ADIANTE
   */
  reached(caller: Caller): Awaitable<Caller> {
    if (this.token === undefined) return caller;
    return andThen(this.guarantees.reach(this.known, this.withinDeadline(limits.sessionWaitMs)), (view) => {
      this.hasReached = true;
      return view === undefined ? caller : caller.on(view);
    });
  }

  /** The token, if the client has one. */
  private get known(): string | undefined {
    return this.token === undefined || NEW_SESSION.has(this.token) ? undefined : this.token;
  }

  /** Whether answers wait for other servers. */
  get confirms(): boolean {
    return this.servers > 0;
  }

  /**
   * Does something that writes, and waits until as many servers hold it as the call demands.
   * @param isRepeated an earlier attempt may have been done, and not here
   * @throws KvsError (as a rejection too) CONFIRMACAO_PARCIAL, and before it was done NAO_SUPORTADO, LIMITE_PEDIDOS
   */
  confirmed<Res>(write: () => Awaitable<Res>, written: Written<Res>, isRepeated = false): Awaitable<Res> {
    if (!this.confirms) return write();
    this.assertConfirmable();
    return andThen(write(), (answer) =>
      andThen(
        this.confirm(() => written(answer), isRepeated),
        () => answer,
      ),
    );
  }

  /** @throws KvsError NAO_SUPORTADO, LIMITE_PEDIDOS */
  assertConfirmable(): void {
    this.guarantees.assertConfirmable(this.servers);
  }

  /** Waits until as many servers as the call demands hold everything that was written here. */
  confirm(version: () => number | undefined, isRepeated = false): Awaitable<void> {
    const startedMs = performance.now();
    const waitMs = this.withinDeadline(this.confirmMs);
    return andThen(this.guarantees.confirm(this.servers, waitMs, isRepeated), (holders) => {
      if (holders >= this.servers) return;
      this.unconfirmed = version();
      const which = this.unconfirmed === undefined ? '' : ` (versão ${String(this.unconfirmed)})`;
      const tookMs = String(Math.round(performance.now() - startedMs));
      throw new KvsError(
        'CONFIRMACAO_PARCIAL',
        `gravado aqui${which}, confirmado por ${String(holders)} de ${String(this.servers)} servidores em ${tookMs} ms; ` +
          'não repita: os outros o recebem quando puderem',
      );
    });
  }

  /** The trailing metadata of the call, with what it is owed, as of now. */
  trailer(metadata?: Metadata): Metadata | undefined {
    if (!this.hasReached && this.unconfirmed === undefined) return metadata;
    const trailer = metadata ?? new Metadata();
    if (this.hasReached) trailer.set(SESSION_METADATA, this.guarantees.session(this.known));
    if (this.unconfirmed !== undefined) trailer.set(VERSION_METADATA, String(this.unconfirmed));
    return trailer;
  }

  private withinDeadline(ms: number): number {
    const leftMs = Number(this.call.getDeadline()) - Date.now() - ANSWER_MARGIN_MS;
    return Math.max(0, Math.min(ms, leftMs));
  }
}

/** @throws KvsError PEDIDO_INVALIDO */
function whole(value: string | Buffer, name: string, most: number): number {
  const text = value.toString();
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw new KvsError(
    'PEDIDO_INVALIDO',
    `${name}: esperado um inteiro de 1 a ${String(most)}, recebido ${JSON.stringify(text.slice(0, 40))}`,
  );
}
