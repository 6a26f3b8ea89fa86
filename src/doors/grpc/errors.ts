import { publicMessage, reason } from '../../call/reason.js';
import type { ErrorCode, KvsError } from '../../core/errors.js';
import type { CallStatus, CallTrailers } from './protocol/server-call.js';
import { status } from './protocol/status.js';
import type { StatusCode } from './protocol/status.js';

/** How an error code is expressed in gRPC. docs/ERRORS.md has the same table for people; a test compares them. */
interface GrpcOutcome {
  readonly status: StatusCode;
  /**
   * Whether the contract of `kvs.KVS` can express it: the answer is then `-1` or a blank Tupla with status OK, and
   * `status` above is only for doors without such an answer. Clients of that contract stop at a gRPC error.
   */
  readonly expected: boolean;
}

const expected = (code: StatusCode): GrpcOutcome => ({ status: code, expected: true });
const fatal = (code: StatusCode): GrpcOutcome => ({ status: code, expected: false });

export const GRPC_OUTCOMES: Readonly<Record<ErrorCode, GrpcOutcome>> = Object.freeze({
  NAO_AUTENTICADO: fatal(status.UNAUTHENTICATED),
  NAO_AUTORIZADO: fatal(status.PERMISSION_DENIED),
  LIMITE_TENTATIVAS: fatal(status.RESOURCE_EXHAUSTED),
  PEDIDO_INVALIDO: fatal(status.INVALID_ARGUMENT),
  PEDIDO_REPETIDO: fatal(status.ALREADY_EXISTS),
  CHAVE_CURTA: expected(status.INVALID_ARGUMENT),
  CHAVE_LONGA: expected(status.INVALID_ARGUMENT),
  CHAVE_INVALIDA: expected(status.INVALID_ARGUMENT),
  VALOR_CURTO: expected(status.INVALID_ARGUMENT),
  VALOR_LONGO: expected(status.INVALID_ARGUMENT),
  VALOR_INVALIDO: expected(status.INVALID_ARGUMENT),
  CHAVE_INEXISTENTE: expected(status.NOT_FOUND),
  VERSAO_INEXISTENTE: expected(status.NOT_FOUND),
  VERSAO_OUTRA: expected(status.FAILED_PRECONDITION),
  VERSAO_ESGOTADA: expected(status.OUT_OF_RANGE),
  LIMITE_CHAVES: fatal(status.RESOURCE_EXHAUSTED),
  LIMITE_ORIGENS: fatal(status.RESOURCE_EXHAUSTED),
  LIMITE_ENTRADAS: fatal(status.RESOURCE_EXHAUSTED),
  LIMITE_MEMORIA: fatal(status.RESOURCE_EXHAUSTED),
  LIMITE_VERSOES_POR_CHAVE: fatal(status.RESOURCE_EXHAUSTED),
  LIMITE_PEDIDOS: fatal(status.RESOURCE_EXHAUSTED),
  LIMITE_FILA: fatal(status.RESOURCE_EXHAUSTED),
  DISCO_CHEIO: fatal(status.RESOURCE_EXHAUSTED),
  DISCO_FALHOU: fatal(status.RESOURCE_EXHAUSTED),
  // Not UNAVAILABLE, which clients retry blindly: a clock has to be corrected first.
  RELOGIO_ADIANTADO: fatal(status.FAILED_PRECONDITION),
  SERVIDOR_ENTRANDO: fatal(status.UNAVAILABLE),
  SERVIDOR_SAINDO: fatal(status.UNAVAILABLE),
  SERVIDOR_PAROU: fatal(status.UNAVAILABLE),
  SEM_SERVIDOR: fatal(status.UNAVAILABLE),
  TLS_RECUSADO: fatal(status.UNAVAILABLE),
  SEM_MAIORIA: fatal(status.UNAVAILABLE),
  SEM_LIDER: fatal(status.UNAVAILABLE),
  SEM_CONFIRMACAO: fatal(status.UNAVAILABLE),
  // Not UNAVAILABLE, which clients retry blindly: the write may have been done.
  RESULTADO_DESCONHECIDO: fatal(status.DEADLINE_EXCEEDED),
  // Not UNAVAILABLE either: the write was done here.
  CONFIRMACAO_PARCIAL: fatal(status.DEADLINE_EXCEEDED),
  SESSAO_ADIANTE: fatal(status.UNAVAILABLE),
  LEITURA_VENCIDA: fatal(status.ABORTED),
  LEITOR_LENTO: fatal(status.ABORTED),
  CONEXAO_OCIOSA: fatal(status.ABORTED),
  NAO_SUPORTADO: fatal(status.UNIMPLEMENTED),
  CADASTRO_INVALIDO: expected(status.INVALID_ARGUMENT),
  CADASTRO_EXISTENTE: expected(status.ALREADY_EXISTS),
  CADASTRO_INEXISTENTE: expected(status.NOT_FOUND),
  MATRICULA_RECUSADA: expected(status.FAILED_PRECONDITION),
  DISCIPLINA_LOTADA: expected(status.FAILED_PRECONDITION),
  CONFLITO: fatal(status.ABORTED),
  CONFIGURACAO: fatal(status.FAILED_PRECONDITION),
  PORTA_EM_USO: fatal(status.FAILED_PRECONDITION),
  DADOS_EM_USO: fatal(status.FAILED_PRECONDITION),
  DADOS_INVALIDOS: fatal(status.FAILED_PRECONDITION),
  INTERNO: fatal(status.INTERNAL),
});

/** Trailing metadata that carries the reason of an expected error. Percent-encoded, since metadata is ASCII. */
export const ERROR_METADATA = 'kvs-erro';

/** Whether the contract of `kvs.KVS` expresses this error within the message. */
export function isExpected(error: KvsError): boolean {
  return GRPC_OUTCOMES[error.code].expected;
}

/** `kvs-erro` with the given text. */
export function errorTrailer(text: string): CallTrailers {
  return { [ERROR_METADATA]: encodeURIComponent(wellFormed(text)) };
}

/** The gRPC status for an error that ends a call, with the reason also in `kvs-erro` unless `trailers` are given. */
export function grpcStatus(
  error: KvsError,
  trailers: CallTrailers = errorTrailer(reason(error)),
): CallStatus {
  return { code: GRPC_OUTCOMES[error.code].status, details: wellFormed(publicMessage(error)), trailers };
}

/** Replaces lone surrogates, on which percent-encoding throws. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
