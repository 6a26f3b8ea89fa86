import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { ErrorCode } from '../core/errors.js';
import { decodeReason, decodeStreamReasons, REASON_METADATA } from './reason.js';

/**
 * What a failed call may have done: `refused`: the server answered, and another would answer the same; `elsewhere`:
 * nothing was done, and another server may do it; `unknown`: nobody can tell.
 */
export type Fate = 'refused' | 'elsewhere' | 'unknown';

/** Errors after which nothing was done here, while other servers may do it. */
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
 * @param sent whether the request may have left, since there was a connection
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

/** The error code from the server; `undefined` for an error of the library. */
export function reasonCode(error: ServiceError): ErrorCode | undefined {
  const encoded = error.metadata.get(REASON_METADATA)[0]?.toString();
  // The trailer of a stream that the server cut has a list of reasons, the last one for the cut.
  return decodeReason(encoded)?.code ?? [...decodeStreamReasons(encoded).values()].at(-1);
}
