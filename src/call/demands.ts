import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type { Awaitable, Engine } from '../ports/engine.js';
import type { Guarantees } from '../ports/guarantees.js';
import type { Time } from '../ports/time.js';
import type { Caller } from './admission.js';
import { DEMANDS, fieldOfDemand } from './call.js';
import type { Call, Trailers } from './call.js';
import { andThen } from './operation.js';
import type { Written } from './operation.js';
import type { CallSeam } from './seam.js';

/** Values that ask for a new session. */
const NEW_SESSION: ReadonlySet<string> = new Set(['', 'nova']);

/** An answer is sent this long before the client's deadline, so that it still arrives. */
const ANSWER_MARGIN_MS = 100;

/** The session and the confirmations that a call demands, read once when it begins. */
export class CallDemands {
  private unconfirmed: number | undefined;
  /** Whether this server has what the session has seen. Only then does its own token replace the client's. */
  private hasReached = false;
  private view: Engine | undefined;

  private constructor(
    private readonly guarantees: Guarantees,
    private readonly time: Time,
    private readonly deadlineMs: number,
    /** `undefined`: no session. */
    private readonly token: string | undefined,
    /** 0: no confirmation. */
    private readonly servers: number,
    private readonly confirmMs: number,
  ) {}

  /**
   * The demands of a call; `undefined` for the many calls that demand nothing.
   * @throws KvsError PEDIDO_INVALIDO, NAO_SUPORTADO
   */
  static of(call: Call, { engine, time }: CallSeam): CallDemands | undefined {
    const token = call.demand(DEMANDS.session);
    const servers = call.demand(DEMANDS.confirm);
    if (token === undefined && servers === undefined) return undefined;
    const { guarantees } = engine;
    if (guarantees === undefined) {
      throw new KvsError('NAO_SUPORTADO', 'este motor não oferece sessões nem confirmações');
    }
    const confirmMs = call.demand(DEMANDS.confirmMs);
    return new CallDemands(
      guarantees,
      time,
      call.deadlineMs,
      token,
      servers === undefined ? 0 : whole(servers, fieldOfDemand(call, DEMANDS.confirm), limits.confirmServers),
      confirmMs === undefined
        ? limits.confirmMs
        : whole(confirmMs, fieldOfDemand(call, DEMANDS.confirmMs), limits.confirmMsMax),
    );
  }

  /**
   * Waits until this server has what the session has seen.
   * @returns the caller, with a view that has it
   * @throws KvsError (as a rejection too) PEDIDO_INVALIDO, SESSAO_ADIANTE
   */
  reached(caller: Caller): Awaitable<Caller> {
    if (this.token === undefined) return caller;
    return andThen(this.guarantees.reach(this.known, this.withinDeadline(limits.sessionWaitMs)), (view) => {
      this.hasReached = true;
      this.view = view;
      return view === undefined ? caller : caller.on(view);
    });
  }

  /** The client's token, if it has one. */
  private get known(): string | undefined {
    return this.token === undefined || NEW_SESSION.has(this.token) ? undefined : this.token;
  }

  /** Whether answers wait for confirmations by other servers. */
  get confirms(): boolean {
    return this.servers > 0;
  }

  /**
   * Runs a write, and waits until as many servers hold it as the call demands.
   * @param isRepeated whether an earlier attempt may have been done, on another server
   * @throws KvsError (as a rejection too) CONFIRMACAO_PARCIAL after the write; NAO_SUPORTADO, LIMITE_PEDIDOS before it
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

  /** Waits until as many servers as the call demands hold everything written here. */
  confirm(version: () => number | undefined, isRepeated = false): Awaitable<void> {
    const startedMs = this.time.monotonicMs();
    const waitMs = this.withinDeadline(this.confirmMs);
    return andThen(this.guarantees.confirm(this.servers, waitMs, isRepeated), (holders) => {
      if (holders >= this.servers) return;
      this.unconfirmed = version();
      const which = this.unconfirmed === undefined ? '' : ` (versão ${String(this.unconfirmed)})`;
      const tookMs = String(Math.round(this.time.monotonicMs() - startedMs));
      throw new KvsError(
        'CONFIRMACAO_PARCIAL',
        `gravado aqui${which}, confirmado por ${String(holders)} de ${String(this.servers)} servidores em ${tookMs} ms; ` +
          'não repita: os outros o recebem quando puderem',
      );
    });
  }

  /** The trailers due to the call, as of now; `undefined` if none. */
  trailers(error: string | undefined): Trailers | undefined {
    if (!this.hasReached && this.unconfirmed === undefined)
      return error === undefined ? undefined : { error };
    const session = this.hasReached ? this.guarantees.session(this.known, this.view) : undefined;
    return { error, session, version: this.unconfirmed };
  }

  private withinDeadline(ms: number): number {
    const leftMs = this.deadlineMs - this.time.wallMs() - ANSWER_MARGIN_MS;
    return Math.max(0, Math.min(ms, leftMs));
  }
}

/** @throws KvsError PEDIDO_INVALIDO */
function whole(text: string, name: string, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw new KvsError(
    'PEDIDO_INVALIDO',
    `${name}: esperado um inteiro de 1 a ${String(most)}, recebido ${JSON.stringify(text.slice(0, 40))}`,
  );
}
