import { KvsError } from './errors.js';

/**
 * One attempt at an insert that its client may try several times, at several servers, and that must take effect once.
 * The client chooses the request id, the same for all attempts. It raises the number after every attempt with an
 * unknown outcome, so that no two attempts that may have been done share a number, and the one answered has the
 * greatest.
 */
export interface Attempt {
  /** Matches {@link REQUEST_ID_PATTERN}. */
  readonly id: string;
  /** 1, 2, 3, … */
  readonly number: number;
}

/** `<ms since 1970 in base 36>-<at least 64 random bits>`: it tells when the client began. */
export const REQUEST_ID_PATTERN = /^[0-9a-z]{1,11}-[A-Za-z0-9_-]{11,48}$/;

/** Greatest allowed number of an attempt. */
export const ATTEMPT_MAX = 1_000_000;

/** When the client began, by its clock, ms since 1970. */
export function begunMs(id: string): number {
  return parseInt(id.slice(0, id.indexOf('-')), 36);
}

/** The error for one request id used for two different inserts. */
export function reused(): KvsError {
  return new KvsError(
    'PEDIDO_REPETIDO',
    'este identificador de pedido já foi usado para outra chave ou outro valor; cada escrita precisa de um novo',
  );
}

/** The error for a repeated attempt when this server cannot tell whether an earlier one was done. */
export function forgotten(): KvsError {
  return new KvsError(
    'RESULTADO_DESCONHECIDO',
    'este servidor não tem memória do tempo deste pedido: não sabe se a escrita já foi feita; consulte antes de repetir',
  );
}
