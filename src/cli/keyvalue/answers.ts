import { dateText } from './dates.js';
import type { Reply } from './call.js';
import { askedVersion } from './request.js';
import type { Request } from './request.js';

/** An answer beside what was asked. */
export interface Answer extends Reply {
  /** `undefined` if no version was named. */
  readonly asked: bigint | undefined;
  /** What there is not; `undefined` if it was found or done. */
  readonly missing: Missing | undefined;
}

export interface Missing {
  readonly code: 'CHAVE_INEXISTENTE' | 'VERSAO_INEXISTENTE';
  readonly message: string;
}

/** @param index of the reply within its call, from 0 */
export function answerOf(request: Request, reply: Reply, index: number): Answer {
  const asked = askedVersion(request, index);
  const done = reply.found !== undefined || reply.assigned > 0n;
  return { ...reply, asked, missing: done ? undefined : missing(reply.key, asked) };
}

function missing(key: string, asked: bigint | undefined): Missing {
  const name = JSON.stringify(key);
  if (asked === undefined) return { code: 'CHAVE_INEXISTENTE', message: `a chave ${name} não existe` };
  const message = `a chave ${name} não tem versão até ${asked}${dated(asked)}`;
  return { code: 'VERSAO_INEXISTENTE', message };
}

/** ` (date)`, for a version that is a date. */
export function dated(version: bigint): string {
  const date = dateText(version);
  return date === '' ? '' : ` (${date})`;
}
