import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type { Capabilities } from '../ports/engine.js';
import { DEMANDS, fieldOfDemand } from './call.js';
import type { Call } from './call.js';

/**
 * What an operation makes of a time to live: `taken` by inserts; `refused` by whatever writes values that cannot have
 * one, since its caller must not believe that they expire. Reads, removals and other applications ignore it.
 */
export type TtlUse = 'taken' | 'refused';

const MS_PER_SECOND = 1000;

/**
 * How long what the call inserts lives, in ms; `undefined` for ever.
 * @param use of the operation; absent: it ignores a time to live
 * @throws KvsError PEDIDO_INVALIDO, NAO_SUPORTADO
 */
export function ttlMsOf(call: Call, use: TtlUse | undefined, { expires }: Capabilities): number | undefined {
  if (use === undefined) return undefined;
  const text = call.demand(DEMANDS.ttl);
  if (text === undefined) return undefined;
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > limits.ttlSeconds) {
    const given = JSON.stringify(text.slice(0, 40));
    throw new KvsError(
      'PEDIDO_INVALIDO',
      `${fieldOfDemand(call, DEMANDS.ttl)}: esperado um inteiro de segundos, de 1 a ${limits.ttlSeconds}, recebido ${given}`,
    );
  }
  if (use === 'refused') {
    throw new KvsError('NAO_SUPORTADO', `aqui ${fieldOfDemand(call, DEMANDS.ttl)} não vale: só em inserções`);
  }
  if (expires !== true) throw new KvsError('NAO_SUPORTADO', 'este motor não tem valores que expiram');
  return seconds * MS_PER_SECOND;
}

/** A time to live as its caller gave it; `undefined` if it gave none. */
export function ttlSecondsOf(ttlMs: number | undefined): number | undefined {
  return ttlMs === undefined ? undefined : ttlMs / MS_PER_SECOND;
}

/**
 * A time to live that came with a value, in ms; `undefined` for ever.
 * @param seconds 0: none
 * @param name of its field, for people
 * @throws KvsError PEDIDO_INVALIDO
 */
export function ttlMsOfSeconds(seconds: number, name: string): number | undefined {
  if (seconds === 0) return undefined;
  if (seconds >= 1 && seconds <= limits.ttlSeconds) return seconds * MS_PER_SECOND;
  throw new KvsError(
    'PEDIDO_INVALIDO',
    `${name}: esperado um inteiro de segundos, de 0 a ${limits.ttlSeconds}, recebido ${seconds}`,
  );
}
