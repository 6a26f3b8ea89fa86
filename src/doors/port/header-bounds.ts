import { portLimits } from './limits.js';

/** HTTP/2 counts this for each header field, in addition to its name and its value. */
const FIELD_BYTES = 32;

const TOO_LARGE = `os campos do cabeçalho (metadados) passam de ${portLimits.headerBytes} bytes`;
const TOO_MANY = `os campos do cabeçalho (metadados) são mais de ${portLimits.headerFields}`;

/** Size of header fields as HTTP/2 counts it (RFC 9113, 6.5.2). @param raw names and values in turn */
export function headerBytes(raw: readonly string[]): number {
  let bytes = (FIELD_BYTES * raw.length) / 2;
  for (const text of raw) bytes += text.length;
  return bytes;
}

/**
 * Which limit header fields exceed, in Portuguese; `undefined` if none. Header compression lets a client repeat them in
 * a few bytes, and HTTP/2's own limit binds only clients that have acknowledged it.
 */
export function headerProblem(fields: number, bytes: number): string | undefined {
  if (fields > portLimits.headerFields) return TOO_MANY;
  return bytes > portLimits.headerBytes ? TOO_LARGE : undefined;
}
