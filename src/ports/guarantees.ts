import type { Awaitable, Engine } from './engine.js';

/**
 * What a client may ask of an engine beyond its capabilities.
 *
 * Sessions: an answer comes with a token that stands for everything the server had applied. A server that is given the
 * token answers only once it has applied all of that. So a client that carries its latest token from server to server
 * reads its own writes, reads monotonically, and its writes follow its reads.
 *
 * Confirmations: a write is answered once a given number of other servers have reported that they hold it.
 */
export interface Guarantees {
  /**
   * A token of what this server has now: at most `limits.sessionTokenBytes` of printable ASCII without blanks. To be
   * called only after {@link reach} has succeeded.
   * @param token the one given to {@link reach}; the new token implies it
   * @param view what {@link reach} has resolved to, if the new token is of what was shown through it
   * @returns `undefined` if none so short can be made just now
   */
  session(token?: string, view?: Engine): string | undefined;

  /**
   * Waits until this server has everything that a token stands for.
   * @param token `undefined` if a session begins
   * @param waitMs longest wait, ≥ 0
   * @throws KvsError (as a rejection too) PEDIDO_INVALIDO if the text is not a token of such servers, SESSAO_ADIANTE
   *   after a time-out
   * @returns what this call must use instead of the engine, if only that has everything; `undefined`: the engine itself
   */
  reach(token: string | undefined, waitMs: number): Awaitable<Engine | undefined>;

  /**
   * To be called before a write that must be confirmed.
   * @param servers ≥ 1
   * @throws KvsError NAO_SUPORTADO if there can never be that many to confirm it, LIMITE_PEDIDOS if too many writes are
   *   waiting already
   */
  assertConfirmable(servers: number): void;

  /**
   * To be called after a write: waits until `servers` other servers hold it, or `waitMs` have passed. Everything that
   * this server wrote before is confirmed with it.
   * @param isRepeated whether the answer may be that of an earlier attempt, written by another server; an engine that
   *   cannot tell which servers hold such a write returns 0
   * @returns how many other servers hold it
   */
  confirm(servers: number, waitMs: number, isRepeated: boolean): Awaitable<number>;
}
