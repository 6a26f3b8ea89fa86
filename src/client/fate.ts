import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { ErrorCode } from '../core/errors.js';
import { decodeReason, decodeStreamReasons, REASON_METADATA } from './reason.js';

/**
 * What a failed call may have done: `refused`: the server answered, and another would answer the same; `elsewhere`: it
 * did nothing, and another server may do it; `unknown`: nobody can tell.
 */
export type Fate = 'refused' | 'elsewhere' | 'unknown';

/** Errors of a server that does nothing now, while others may. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SERVIDOR_ENTRANDO',
  'SERVIDOR_SAINDO',
  'SERVIDOR_PAROU',
  'SEM_MAIORIA',
  'SEM_LIDER',
  'SEM_CONFIRMACAO',
  'RELOGIO_ADIANTADO',
  'SESSAO_ADIANTE',
]);

/**
 * @param writes whether the call changes anything
 * @param sent whether the request may have left: there was a connection
 */
export function fateOf(error: ServiceError, writes: boolean, sent: boolean): Fate {
  const code = reasonCode(error);
  if (code === 'RESULTADO_DESCONHECIDO') return writes ? 'unknown' : 'elsewhere';
  if (code !== undefined) return ELSEWHERE.has(code) ? 'elsewhere' : 'refused';
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return writes && sent ? 'unknown' : 'elsewhere';
    default:
      return 'refused';
  }
}

/** The code that the server gave its error; `undefined` for one of the library's. */
export function reasonCode(error: ServiceError): ErrorCode | undefined {
  const encoded = error.metadata.get(REASON_METADATA)[0]?.toString();
  // A stream that a server cut has the list of reasons in the trailer, the last for the cut.
  return decodeReason(encoded)?.code ?? [...decodeStreamReasons(encoded).values()].at(-1);
}
