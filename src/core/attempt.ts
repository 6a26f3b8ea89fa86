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

/** `<ms since 1970 in base 36>-<at least 64 random bits>`: it tells when the client began. UUIDs match too. */
export const REQUEST_ID_PATTERN = /^[0-9a-z]{1,11}-[A-Za-z0-9_-]{11,48}$/;

/** Greatest allowed number of an attempt. */
export const ATTEMPT_MAX = 1_000_000;

/** A UUID of version 7 (RFC 9562) begins with the time, in ms. */
const UUID_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The time of every random UUID, read as one of our ids, is before this. */
const TIMES_FROM_MS = Date.UTC(2018, 0);

/** When the client began, by its clock, ms since 1970. */
export function begunMs(id: string): number {
  const [, high, low] = UUID_7.exec(id) ?? [];
  if (high !== undefined && low !== undefined) return parseInt(high + low, 16);
  return parseInt(id.slice(0, id.indexOf('-')), 36);
}

/** Whether an id tells when its client began. Random UUIDs have the form of ids too, and do not. */
export function tellsTime(id: string): boolean {
  return begunMs(id) >= TIMES_FROM_MS;
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
