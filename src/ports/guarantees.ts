import type { Awaitable, Engine } from './engine.js';

/**
 * What a client may ask of an engine beyond its capabilities.
 *
 * Sessions: an answer is shown together with a token of everything that the server had applied. Every server that is given
 * the token back answers only when it has all of that. So whoever carries the latest token from server to server reads its
 * own writes, never goes back, and writes after what it has read.
 *
 * Confirmations: a write is answered when so many other servers hold it, by their own word.
 */
export interface Guarantees {
  /**
   * A token of what is here now: at most `limits.sessionTokenBytes` of printable ASCII without blanks. Only for whoever has been
   * let through by {@link reach}.
   * @param token what was given to {@link reach}: the new one implies it
   */
  session(token?: string): string;

  /**
   * Waits until everything is here that a token tells of.
   * @param token `undefined`: a session begins
   * @param waitMs at most, from 0
   * @throws KvsError (as a rejection too) PEDIDO_INVALIDO for what is no token of such servers, SESSAO_ADIANTE when it did
   *   not come in time
   * @returns what this call must use in place of the engine, where only that has it all; `undefined`: the engine itself
   */
  reach(token: string | undefined, waitMs: number): Awaitable<Engine | undefined>;

  /**
   * Before a write that has to be confirmed.
   * @param servers from 1
   * @throws KvsError NAO_SUPORTADO if so many can never confirm it, LIMITE_PEDIDOS if too many writes wait already
   */
  assertConfirmable(servers: number): void;

  /**
   * After a write was answered: waits until `servers` other servers hold it, or `waitMs` have passed. Whatever this server
   * wrote before is confirmed with it.
   * @param isRepeated whether it may be an earlier attempt's that was answered, written by another server: an engine that cannot
   *   tell who holds that claims nobody
   * @returns how many hold it
   */
  confirm(servers: number, waitMs: number, isRepeated: boolean): Awaitable<number>;
}
