/** Errors as HTTP tells them: a status, and a document of RFC 9457. Pure. */
import { STATUS_CODES } from 'node:http';
import { publicMessage } from '../../call/reason.js';
import { KvsError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import type { HttpFields, HttpAnswer } from './exchange.js';
import { httpLimits } from './limits.js';

/** The status of each error code. docs/ERRORS.md has the same table for people; a test compares them. */
export const HTTP_STATUSES: Readonly<Record<ErrorCode, number>> = Object.freeze({
  NAO_AUTENTICADO: 401,
  NAO_AUTORIZADO: 403,
  LIMITE_TENTATIVAS: 429,
  PEDIDO_INVALIDO: 400,
  // As the draft of Idempotency-Key has it.
  PEDIDO_REPETIDO: 422,
  CHAVE_CURTA: 400,
  CHAVE_LONGA: 414,
  CHAVE_INVALIDA: 400,
  VALOR_CURTO: 400,
  VALOR_LONGO: 413,
  VALOR_INVALIDO: 400,
  CHAVE_INEXISTENTE: 404,
  VERSAO_INEXISTENTE: 404,
  VERSAO_OUTRA: 412,
  VERSAO_ESGOTADA: 409,
  LIMITE_CHAVES: 507,
  LIMITE_ORIGENS: 507,
  LIMITE_ENTRADAS: 507,
  LIMITE_MEMORIA: 507,
  LIMITE_VERSOES_POR_CHAVE: 507,
  LIMITE_PEDIDOS: 503,
  LIMITE_FILA: 503,
  DISCO_CHEIO: 507,
  DISCO_FALHOU: 507,
  RELOGIO_ADIANTADO: 500,
  SERVIDOR_ENTRANDO: 503,
  SERVIDOR_SAINDO: 503,
  SERVIDOR_PAROU: 503,
  SEM_SERVIDOR: 503,
  TLS_RECUSADO: 503,
  SEM_MAIORIA: 503,
  SEM_LIDER: 503,
  SEM_CONFIRMACAO: 503,
  // Not 503, which clients repeat blindly: the write may have been done.
  RESULTADO_DESCONHECIDO: 504,
  // Not 503 either: the write was done here.
  CONFIRMACAO_PARCIAL: 504,
  SESSAO_ADIANTE: 503,
  LEITURA_VENCIDA: 409,
  LEITOR_LENTO: 409,
  CONEXAO_OCIOSA: 408,
  NAO_SUPORTADO: 501,
  CADASTRO_INVALIDO: 400,
  CADASTRO_EXISTENTE: 409,
  CADASTRO_INEXISTENTE: 404,
  MATRICULA_RECUSADA: 409,
  DISCIPLINA_LOTADA: 409,
  CONFLITO: 409,
  CONFIGURACAO: 500,
  PORTA_EM_USO: 500,
  DADOS_EM_USO: 500,
  DADOS_INVALIDOS: 500,
  INTERNO: 500,
});

/** A refusal by a rule of HTTP itself, with a status of its own. */
export class HttpRefusal extends KvsError {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: HttpFields = {},
    code: ErrorCode = 'PEDIDO_INVALIDO',
  ) {
    super(code, message);
  }
}

const PROBLEM = 'application/problem+json; charset=utf-8';

/** Seconds after which a client may try again. */
const RETRY_SECONDS: Readonly<Record<number, string>> = { 429: '5', 503: '1' };

/** The answer that tells an error. */
export function problemOf(error: KvsError): HttpAnswer {
  const status = error instanceof HttpRefusal ? error.status : HTTP_STATUSES[error.code];
  const retry = RETRY_SECONDS[status];
  return {
    status,
    fields: {
      'content-type': PROBLEM,
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(retry !== undefined && { 'retry-after': retry }),
      ...(error instanceof HttpRefusal && error.fields),
    },
    body: `${JSON.stringify(problemDocument(error, status))}\n`,
  };
}

function problemDocument(error: KvsError, status: number): object {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? '',
    status,
    codigo: error.code,
    detail: publicMessage(error),
  };
}

/** The error for a target that no request may have. */
export function tooLongTarget(): KvsError {
  return new KvsError(
    'CHAVE_LONGA',
    `o endereço passa de ${httpLimits.targetBytes} bytes: chaves longas vão por POST /v1/lote, ou por gRPC`,
  );
}
