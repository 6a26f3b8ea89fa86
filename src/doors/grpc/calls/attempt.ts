import { Metadata } from '@grpc/grpc-js';
import { ATTEMPT_MAX, REQUEST_ID_PATTERN } from '../../../core/attempt.js';
import type { Attempt } from '../../../core/attempt.js';
import { KvsError } from '../../../core/errors.js';

/** Metadata that names a request over all its attempts; given back in the trailer by whoever honours it. */
export const REQUEST_ID_METADATA = 'kvs-pedido';

/** Metadata with the number of the attempt, 1 if absent. */
export const ATTEMPT_METADATA = 'kvs-tentativa';

/**
 * The attempt that a call is, if its client may repeat it.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function attemptOf(metadata: Metadata): Attempt | undefined {
  const [id] = metadata.get(REQUEST_ID_METADATA);
  if (id === undefined) return undefined;
  if (typeof id !== 'string' || !REQUEST_ID_PATTERN.test(id)) {
    const form = '<ms desde 1970 em base 36>-<de 11 a 48 letras, dígitos, "-" ou "_">';
    throw new KvsError('PEDIDO_INVALIDO', `${REQUEST_ID_METADATA} inválido: esperado ${form}`);
  }
  const [text = '1'] = metadata.get(ATTEMPT_METADATA);
  const number = /^[1-9]\d{0,6}$/.test(text.toString()) ? Number(text) : 0;
  if (number < 1 || number > ATTEMPT_MAX) {
    const range = `um número de 1 a ${ATTEMPT_MAX}`;
    throw new KvsError('PEDIDO_INVALIDO', `${ATTEMPT_METADATA} inválido: esperado ${range}`);
  }
  return { id, number };
}

/**
 * For calls and engines that do not remember requests.
 * @throws KvsError NAO_SUPORTADO: whoever sends an id must not believe that it was heeded
 */
export function assertNoAttempt(metadata: Metadata): void {
  if (metadata.get(REQUEST_ID_METADATA).length === 0) return;
  const where = 'só a inserção de um valor por chamada, nos motores frota e consenso';
  throw new KvsError('NAO_SUPORTADO', `aqui ${REQUEST_ID_METADATA} não é guardado: ${where}`);
}

/** The trailer, which also says that the id was honoured. */
export function honoured({ id }: Attempt, trailer = new Metadata()): Metadata {
  trailer.set(REQUEST_ID_METADATA, id);
  return trailer;
}
