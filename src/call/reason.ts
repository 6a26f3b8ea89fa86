import type { KvsError } from '../core/errors.js';

/** A message longer than this is cut: it may travel where headers do, which are a few KiB in all. */
const REASON_CHARS_MAX = 512;

/** `CODE: message`, for people and programs. */
export function reason(error: KvsError): string {
  return `${error.code}: ${publicMessage(error)}`;
}

/** What a caller is told of an error. An internal one keeps its details in the server's log. */
export function publicMessage(error: KvsError): string {
  if (error.code === 'INTERNO') return 'erro interno; a causa está no log do servidor';
  return error.message.slice(0, REASON_CHARS_MAX);
}
