import { KvsError } from './errors.js';

/**
 * One attempt at an insert that its client may make several times, at several servers, and that must stand once. The
 * request id is the client's and the same for all attempts. The number is raised after every attempt whose fate is
 * unknown, so that no two attempts which may have been done have the same one, and the one answered has the greatest.
 */
export interface Attempt {
  /** Matches {@link REQUEST_ID_PATTERN}. */
  readonly id: string;
  /** 1, 2, 3, … */
  readonly number: number;
}

/** `<ms since 1970 in base 36>-<at least 64 random bits>`: when the client began can be seen of it. */
export const REQUEST_ID_PATTERN = /^[0-9a-z]{1,11}-[A-Za-z0-9_-]{11,48}$/;

/** Greatest number of an attempt. */
export const ATTEMPT_MAX = 1_000_000;

/** When the client began, by its clock, ms since 1970. */
export function begunMs(id: string): number {
  return parseInt(id.slice(0, id.indexOf('-')), 36);
}

/** Somebody used one request id for two different inserts. */
export function reused(): KvsError {
  return new KvsError(
    'PEDIDO_REPETIDO',
    'este identificador de pedido já foi usado para outra chave ou outro valor; cada escrita precisa de um novo',
  );
}

/** A repeated attempt of which nobody here can tell whether an earlier one was done. */
export function forgotten(): KvsError {
  return new KvsError(
    'RESULTADO_DESCONHECIDO',
    'este servidor não tem memória do tempo deste pedido: não sabe se a escrita já foi feita; consulte antes de repetir',
  );
}
