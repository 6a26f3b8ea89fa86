import { ERROR_CODES } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';

/** Trailing metadata with the reason of an expected error: percent-encoded `CODE: message`, or `index:CODE,…`. */
export const REASON_METADATA = 'kvs-erro';

/** Why a server refused. */
interface Reason {
  readonly code: ErrorCode;
  /** One line, Portuguese. */
  readonly message: string;
}

/** The reason of a unary answer, `CODE: message`; `undefined` if absent or unknown. */
export function decodeReason(encoded: string | undefined): Reason | undefined {
  const [, name, message] = /^([A-Z_]+): ?([\s\S]*)$/.exec(decode(encoded)) ?? [];
  const code = errorCode(name);
  if (code === undefined || message === undefined) return undefined;
  return { code, message: message.replace(/\s*\n\s*/g, ' ') };
}

/** The reasons of a stream, `index:CODE,…`, by the index of the request, from 0. */
export function decodeStreamReasons(encoded: string | undefined): ReadonlyMap<number, ErrorCode> {
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
