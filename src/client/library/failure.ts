import { status } from '@grpc/grpc-js';
import { KvsError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import type { CallFailed, Outcome } from '../call.js';
import { reasonCode } from '../fate.js';
import type { Mismatch } from '../security.js';

/** The error that a program gets for a call without an answer. Its code is stable, its message is for people. */
export function callError(
  { server, passed }: Outcome,
  { error, fate, mismatch }: CallFailed,
  timeoutMs: number,
): KvsError {
  const make = (code: ErrorCode, what: string): KvsError => {
    const before = passed.length === 0 ? '' : ` (antes não atenderam: ${passed.join(', ')})`;
    return new KvsError(code, `${what}${before}`, { cause: error });
  };
  if (mismatch === 'SEM_GRPC') return make('SEM_SERVIDOR', `quem atende em ${server} não fala gRPC`);
  if (mismatch !== undefined) {
    return make('TLS_RECUSADO', `o servidor em ${server} ${TLS_TEXT[mismatch]} [${mismatch}]`);
  }
  const details = error.details.replace(/\s*\n\s*/g, ' ');
  const reason = reasonCode(error);
  if (reason !== undefined) return make(reason, details);
  if (fate === 'unknown') {
    return make(
      'RESULTADO_DESCONHECIDO',
      `o servidor em ${server} não respondeu; não se sabe se a escrita foi feita: consulte antes de repetir`,
    );
  }
  switch (error.code) {
    case status.UNAVAILABLE:
      return make('SEM_SERVIDOR', `nenhum servidor responde em ${server}`);
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return make('SEM_SERVIDOR', `o servidor em ${server} não respondeu em ${timeoutMs} ms`);
    default:
      return make(BY_STATUS.get(error.code) ?? 'INTERNO', `o servidor em ${server} recusou: ${details}`);
  }
}

/** Codes of refusals without a reason, such as those of a proxy. */
const BY_STATUS: ReadonlyMap<status, ErrorCode> = new Map<status, ErrorCode>([
  [status.INVALID_ARGUMENT, 'PEDIDO_INVALIDO'],
  [status.NOT_FOUND, 'CHAVE_INEXISTENTE'],
  [status.FAILED_PRECONDITION, 'VERSAO_OUTRA'],
  [status.UNAUTHENTICATED, 'NAO_AUTENTICADO'],
  [status.PERMISSION_DENIED, 'NAO_AUTORIZADO'],
  [status.RESOURCE_EXHAUSTED, 'LIMITE_PEDIDOS'],
  [status.UNIMPLEMENTED, 'NAO_SUPORTADO'],
]);

const TLS_TEXT: Readonly<Record<Exclude<Mismatch, 'SEM_GRPC'>, string>> = {
  CERTIFICADO_VENCIDO: 'mostra um certificado que venceu',
  CERTIFICADO_FUTURO: 'mostra um certificado que ainda não vale: confira o relógio desta máquina',
  CERTIFICADO_AUTOASSINADO: 'mostra um certificado assinado por ele mesmo: diga em tls.ca em que confiar',
  CERTIFICADO_DESCONHECIDO: 'mostra um certificado de uma autoridade que não é a de tls.ca',
  NOME_ERRADO: 'mostra um certificado de outro nome: use o nome que está nele, ou diga tls.name',
  CERTIFICADO_RECUSADO: 'não aceita o certificado deste cliente (tls.certificate)',
  SEM_CERTIFICADO: 'exige um certificado do cliente: diga tls.certificate e tls.key',
  SEM_TLS: 'não fala TLS',
  EXIGE_TLS: 'só fala TLS: diga tls.ca',
  VERSAO_TLS: 'não fala TLS 1.3',
  APERTO_LENTO: 'não terminou de combinar o TLS',
  TLS: 'e este cliente não chegaram a um acordo sobre o TLS',
};
