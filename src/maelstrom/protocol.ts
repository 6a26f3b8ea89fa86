/**
 * Messages of Maelstrom, a workbench for distributed systems: JSON objects, one a line, from and to the nodes and clients of
 * a network that it simulates (its "Protocol" document).
 */
import { isUtf8 } from 'node:buffer';
import { KvsError } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';

/** Whatever JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The content of a message. */
export type Body = { readonly [name: string]: Json } & { readonly type: string };

export interface Envelope {
  readonly src: string;
  readonly dest: string;
  readonly body: Body;
}

/** Error codes of the protocol. All of these but the first and `crash` say that nothing was done, and nothing will be. */
export const CODES = {
  timeout: 0,
  notSupported: 10,
  unavailable: 11,
  malformed: 12,
  crash: 13,
  abort: 14,
  missing: 20,
  precondition: 22,
} as const;

/** What a request is refused with. */
export class MaelstromError extends Error {
  override readonly name = 'MaelstromError';

  constructor(
    readonly code: (typeof CODES)[keyof typeof CODES],
    text: string,
  ) {
    super(text);
  }
}

/** Codes of ours after which nothing was done; after every other one the outcome counts as unknown. */
const DEFINITE: Partial<Record<ErrorCode, MaelstromError['code']>> = {
  SERVIDOR_ENTRANDO: CODES.unavailable,
  SERVIDOR_SAINDO: CODES.unavailable,
  SEM_MAIORIA: CODES.unavailable,
  RELOGIO_ADIANTADO: CODES.unavailable,
  PEDIDO_INVALIDO: CODES.malformed,
  CHAVE_LONGA: CODES.malformed,
  VALOR_LONGO: CODES.malformed,
  CHAVE_INEXISTENTE: CODES.missing,
  VERSAO_OUTRA: CODES.precondition,
  CONFLITO: CODES.abort,
  NAO_SUPORTADO: CODES.notSupported,
  RESULTADO_DESCONHECIDO: CODES.timeout,
};

/** Anything thrown, as the protocol has it. */
export function maelstromError(thrown: unknown): MaelstromError {
  if (thrown instanceof MaelstromError) return thrown;
  const { code, message } = KvsError.from(thrown);
  return new MaelstromError(
    code.startsWith('LIMITE_') ? CODES.abort : (DEFINITE[code] ?? CODES.crash),
    message,
  );
}

/**
 * Reads one line.
 * @throws MaelstromError malformed
 */
export function readEnvelope(line: Buffer): Envelope {
  const value = isUtf8(line) ? parsed(line.toString()) : undefined;
  if (!isObject(value)) throw malformed('a message is one JSON object in UTF-8');
  const { src, dest, body } = value;
  if (typeof src !== 'string' || typeof dest !== 'string') throw malformed('a message has src and dest');
  if (!isObject(body) || !isBody(body)) throw malformed('a message has a body with a type');
  return { src, dest, body };
}

export function malformed(text: string): MaelstromError {
  return new MaelstromError(CODES.malformed, text);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function isBody(body: Readonly<Record<string, Json>>): body is Body {
  return typeof body['type'] === 'string';
}

function isObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
