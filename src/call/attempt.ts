import { ATTEMPT_MAX, REQUEST_ID_PATTERN } from '../core/attempt.js';
import type { Attempt } from '../core/attempt.js';
import { KvsError } from '../core/errors.js';
import { DEMANDS, fieldOfDemand } from './call.js';
import type { Call } from './call.js';

/**
 * The attempt that a call makes, if its client may repeat it.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function attemptOf(call: Call): Attempt | undefined {
  const id = call.demand(DEMANDS.request);
  if (id === undefined) return undefined;
  if (!REQUEST_ID_PATTERN.test(id)) {
    const form =
      '<ms desde 1970 em base 36>-<de 11 a 48 letras, dígitos, "-" ou "_">, ou um UUID em minúsculas';
    throw new KvsError(
      'PEDIDO_INVALIDO',
      `${fieldOfDemand(call, DEMANDS.request)} inválido: esperado ${form}`,
    );
  }
  const text = call.demand(DEMANDS.attempt) ?? '1';
  const number = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > ATTEMPT_MAX) {
    const range = `um número de 1 a ${ATTEMPT_MAX}`;
    throw new KvsError(
      'PEDIDO_INVALIDO',
      `${fieldOfDemand(call, DEMANDS.attempt)} inválido: esperado ${range}`,
    );
  }
  return { id, number };
}

/**
 * Refuses a request id where the call or the engine does not remember requests.
 * @throws KvsError NAO_SUPORTADO, since a client that sends an id must not believe that it was honoured
 */
export function assertNoAttempt(call: Call): void {
  if (call.demand(DEMANDS.request) === undefined) return;
  const where = 'só a inserção de um valor por chamada, nos motores frota e consenso';
  throw new KvsError(
    'NAO_SUPORTADO',
    `aqui ${fieldOfDemand(call, DEMANDS.request)} não é guardado: ${where}`,
  );
}
