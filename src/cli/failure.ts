import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { CallFailed, Outcome } from '../client/call.js';
import { reasonCode } from '../client/fate.js';
import { decodeReason } from '../client/reason.js';
import type { ErrorCode } from '../core/errors.js';
import type { TlsFailure } from '../security/tls/failures.js';
import { EXIT, exitOf } from './exit.js';
import type { ExitCode } from './exit.js';

/** Why a call or one of its answers failed. */
export interface Failure {
  readonly code: ErrorCode | undefined;
  readonly exit: ExitCode;
  /** One line, Portuguese. */
  readonly message: string;
}

/** The reason of a unary answer; `undefined` if absent or unknown. */
export function parseReason(encoded: string | undefined): Failure | undefined {
  const reason = decodeReason(encoded);
  return reason && { ...reason, exit: exitOf(reason.code) };
}

/** The write was done, but not as it was asked for. */
export function ttlIgnored(server: string): Failure {
  const message = `o servidor em ${server} é de uma versão sem --ttl: gravou, e o valor não expira`;
  return { code: 'NAO_SUPORTADO', exit: EXIT.failure, message };
}

/** Describes why a call failed. */
export function failureOf(
  { server, passed }: Outcome,
  { error, fate, mismatch }: CallFailed,
  timeoutMs: number,
): Failure {
  if (mismatch === 'SEM_GRPC') return notGrpc(server);
  if (mismatch !== undefined) return tlsFailure(mismatch, server);
  const failure = statusFailure(error, server, timeoutMs, fate === 'unknown');
  if (passed.length === 0) return failure;
  return { ...failure, message: `${failure.message} (antes não atenderam: ${passed.join(', ')})` };
}

/** Details by `@grpc/grpc-js` of a refusal in HTTP/2 alone: nothing was done. */
const NO_GRPC = /^Received HTTP status code 4\d\d/;

/**
 * A call that ended with a gRPC status other than OK.
 * @param maybeDone whether it may have changed something without an answer
 */
function statusFailure(error: ServiceError, where: string, timeoutMs: number, maybeDone: boolean): Failure {
  const details = error.details.replace(/\s*\n\s*/g, ' ');
  const reason = reasonCode(error);
  if (reason !== undefined) {
    const exit = exitOf(reason);
    const verb = VERBS.get(exit) ?? 'recusou';
    return { code: reason, exit, message: `o servidor em ${where} ${verb}: ${details}` };
  }
  if (error.code !== status.UNAVAILABLE && NO_GRPC.test(details)) return notGrpc(where);
  switch (error.code) {
    case status.UNAVAILABLE:
      if (maybeDone) return unknown(`a conexão com o servidor em ${where} caiu`);
      return unavailable(`nenhum servidor responde em ${where}${connectionHint(details)}`);
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED: {
      const message = `o servidor em ${where} não respondeu em ${timeoutMs} ms`;
      return maybeDone ? unknown(message) : unavailable(message);
    }
    case status.UNIMPLEMENTED:
      return refused(`o servidor em ${where} ${unimplemented(details)}`);
    case status.INTERNAL:
      return { code: undefined, exit: EXIT.failure, message: `erro no servidor em ${where}: ${details}` };
    default:
      return refused(`o servidor em ${where} recusou: ${details}`);
  }
}

/** A failed TLS connection: what is wrong, and what to do. */
function tlsFailure(failure: TlsFailure, server: string): Failure {
  const message = `${TLS_ADVICE[failure].replace('$', `o servidor em ${server}`)} [${failure}]`;
  return { code: 'TLS_RECUSADO', exit: exitOf('TLS_RECUSADO'), message };
}

/** Servers name the method that they lack. */
function unimplemented(details: string): string {
  if (details.includes('/kvs.Laboratorio/')) {
    return 'não oferece o laboratório: só um iniciado com --laboratorio';
  }
  const [, service] = /\/project\.Portal(Administrativo|Matricula)\//.exec(details) ?? [];
  if (service === undefined) return 'não conhece esta operação';
  const portal = service === 'Matricula' ? 'matricula' : 'admin';
  return `não oferece esta parte do portal: diga com -p a porta de um iniciado com --portal ${portal} (./${portal === 'admin' ? 'admin' : 'mat'}-server.sh)`;
}

/** Something accepts connections there, but speaks neither gRPC nor TLS. */
function notGrpc(where: string): Failure {
  return unavailable(
    `quem atende em ${where} não fala gRPC: a porta é de outro programa, ou o servidor está cheio?`,
  );
}

/** `$` stands for the server. */
const TLS_ADVICE: Readonly<Record<TlsFailure, string>> = {
  CERTIFICADO_VENCIDO: 'o certificado que $ mostra venceu: quem cuida dele precisa trocá-lo',
  CERTIFICADO_FUTURO: 'o certificado que $ mostra ainda não vale: confira o relógio desta máquina',
  CERTIFICADO_AUTOASSINADO:
    '$ mostra um certificado assinado por ele mesmo: diga com --tls-ca o arquivo em que confiar',
  CERTIFICADO_DESCONHECIDO:
    '$ mostra um certificado de uma autoridade que não é a esperada: diga com --tls-ca o arquivo certo',
  NOME_ERRADO:
    '$ mostra um certificado de outro nome: use o nome que está nele, ou diga com --tls-nome qual esperar',
  CERTIFICADO_RECUSADO:
    '$ não aceita o certificado deste cliente: veja --tls-certificado e até quando ele vale',
  SEM_CERTIFICADO: '$ exige um certificado do cliente: diga --tls-certificado e --tls-chave',
  SEM_TLS: '$ não fala TLS: tire --tls e --tls-ca (e KVS_TLS_CA), ou ligue o TLS nele',
  EXIGE_TLS: '$ só fala TLS: diga com --tls-ca o arquivo da autoridade dele',
  VERSAO_TLS: '$ não fala TLS 1.3, e nada mais antigo serve',
  APERTO_LENTO: '$ não terminou de combinar o TLS',
  TLS: '$ e este cliente não chegaram a um acordo sobre o TLS',
};

/** What a server with this kind of error does, as a verb. */
const VERBS: ReadonlyMap<ExitCode, string> = new Map<ExitCode, string>([
  [EXIT.unavailable, 'não atende agora'],
  [EXIT.unknown, 'não sabe o resultado'],
  [EXIT.failure, 'falhou'],
  [EXIT.unconfirmed, 'não teve as confirmações pedidas'],
]);

function unknown(what: string): Failure {
  const message = `${what}; não se sabe se a escrita foi feita: consulte antes de repetir`;
  return { code: 'RESULTADO_DESCONHECIDO', exit: EXIT.unknown, message };
}

function refused(message: string): Failure {
  return { code: undefined, exit: EXIT.refused, message };
}

function unavailable(message: string): Failure {
  return { code: 'SEM_SERVIDOR', exit: EXIT.unavailable, message };
}

function connectionHint(details: string): string {
  if (details.includes('ECONNREFUSED')) return ' (conexão recusada)';
  if (details.includes('ENOTFOUND') || details.includes('Name resolution')) return ' (nome desconhecido)';
  return '';
}
