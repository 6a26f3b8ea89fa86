import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { reasonCode } from '../client/fate.js';
import { decodeReason } from '../client/reason.js';
import type { ErrorCode } from '../core/errors.js';
import { EXIT, exitOf } from './exit.js';
import type { ExitCode } from './exit.js';

/** Where a call went, and how long it waited. */
export interface Asked {
  /** `host:port` */
  readonly server: string;
  readonly timeoutMs: number;
}

/** Why a call or one of its answers gave nothing. */
export interface Failure {
  readonly code: ErrorCode | undefined;
  readonly exit: ExitCode;
  /** One line, Portuguese. */
  readonly message: string;
}

/** The reason of a unary answer; `undefined` if there is none that we know. */
export function parseReason(encoded: string | undefined): Failure | undefined {
  const reason = decodeReason(encoded);
  return reason && { ...reason, exit: exitOf(reason.code) };
}

/**
 * A call that ended with a gRPC status other than OK.
 * @param maybeDone whether it may have changed something although no answer came
 */
export function callFailure(
  error: ServiceError,
  { server: where, timeoutMs }: Asked,
  maybeDone = false,
): Failure {
  const details = error.details.replace(/\s*\n\s*/g, ' ');
  const reason = reasonCode(error);
  if (reason !== undefined) {
    const exit = exitOf(reason);
    const verb = VERBS.get(exit) ?? 'recusou';
    return { code: reason, exit, message: `o servidor em ${where} ${verb}: ${details}` };
  }
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
      return {
        code: undefined,
        exit: EXIT.refused,
        message: `o servidor em ${where} não conhece esta operação`,
      };
    case status.INTERNAL:
      return { code: undefined, exit: EXIT.failure, message: `erro no servidor em ${where}: ${details}` };
    default:
      return { code: undefined, exit: EXIT.refused, message: `o servidor em ${where} recusou: ${details}` };
  }
}

/** What a server with this kind of error does. */
const VERBS: ReadonlyMap<ExitCode, string> = new Map<ExitCode, string>([
  [EXIT.unavailable, 'não atende agora'],
  [EXIT.unknown, 'não sabe o resultado'],
  [EXIT.failure, 'falhou'],
]);

function unknown(what: string): Failure {
  const message = `${what}; não se sabe se a escrita foi feita: consulte antes de repetir`;
  return { code: 'RESULTADO_DESCONHECIDO', exit: EXIT.unknown, message };
}

function unavailable(message: string): Failure {
  return { code: 'SEM_SERVIDOR', exit: EXIT.unavailable, message };
}

function connectionHint(details: string): string {
  if (details.includes('ECONNREFUSED')) return ' (conexão recusada)';
  if (details.includes('ENOTFOUND') || details.includes('Name resolution')) return ' (nome desconhecido)';
  return '';
}
