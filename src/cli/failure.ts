import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ERROR_CODES } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';
import { EXIT, exitOf } from './exit.js';
import type { ExitCode } from './exit.js';
import type { Target } from './request.js';

/** Why a call or one of its answers gave nothing. */
export interface Failure {
  readonly code: ErrorCode | undefined;
  readonly exit: ExitCode;
  /** One line, Portuguese. */
  readonly message: string;
}

/** Trailing metadata with the reason of an expected error: percent-encoded `CODE: message`, or `index:CODE,…`. */
export const REASON_METADATA = 'kvs-erro';

/** The reason of a unary answer, `CODE: message`; `undefined` if there is none that we know. */
export function parseReason(encoded: string | undefined): Failure | undefined {
  const [, name, message] = /^([A-Z_]+): ?([\s\S]*)$/.exec(decode(encoded)) ?? [];
  const code = errorCode(name);
  if (code === undefined || message === undefined) return undefined;
  return { code, exit: exitOf(code), message: message.replace(/\s*\n\s*/g, ' ') };
}

/** The reasons of a stream, `index:CODE,…`, by the index of the request, from 0. */
export function parseStreamReasons(encoded: string | undefined): ReadonlyMap<number, ErrorCode> {
  const reasons = new Map<number, ErrorCode>();
  for (const [, index, name] of decode(encoded).matchAll(/(\d+):([A-Z_]+)/g)) {
    const code = errorCode(name);
    if (code !== undefined) reasons.set(Number(index), code);
  }
  return reasons;
}

function errorCode(name: string | undefined): ErrorCode | undefined {
  return ERROR_CODES.find((known) => known === name);
}

function decode(encoded: string | undefined): string {
  try {
    return decodeURIComponent(encoded ?? '');
  } catch {
    return encoded ?? '';
  }
}

/**
 * A call that ended with a gRPC status other than OK.
 * @param maybeDone whether it may have changed something although no answer came
 */
export function callFailure(error: ServiceError, target: Target, maybeDone = false): Failure {
  const where = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const encoded = error.metadata.get(REASON_METADATA)[0]?.toString();
  const details = error.details.replace(/\s*\n\s*/g, ' ');
  // A stream that a server cut has the list of reasons in the trailer, the last for the cut, and its words in the status.
  const reason = parseReason(encoded)?.code ?? [...parseStreamReasons(encoded).values()].at(-1);
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
      const message = `o servidor em ${where} não respondeu em ${target.timeoutMs} ms`;
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
