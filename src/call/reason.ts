import type { KvsError } from '../core/errors.js';

/** Longer messages are cut, since they may travel in headers, which are limited to a few KiB in all. */
const REASON_CHARS_MAX = 512;

/** `CODE: message`, for people and programs. */
export function reason(error: KvsError): string {
  return `${error.code}: ${publicMessage(error)}`;
}

/** The message that a caller sees. Details of an internal error stay in the server's log. */
export function publicMessage(error: KvsError): string {
  if (error.code === 'INTERNO') return 'erro interno; a causa está no log do servidor';
  return error.message.slice(0, REASON_CHARS_MAX);
}
