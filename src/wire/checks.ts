import { NO_ENTRIES, ORIGIN_PATTERN } from '../core/dot.js';
import type { Dot, Origin, VectorEntries } from '../core/dot.js';
import { limits } from '../core/limits.js';

/** Why a message was dropped. Stable: used as metric labels and log fields. */
export const DROP_REASONS = [
  'TOPICO',
  'TAMANHO',
  'UTF8',
  'JSON',
  'FORMATO',
  'FROTA',
  'TIPO',
  'ORIGEM',
  'SEQUENCIA',
  'VERSAO',
  'TEMPO',
  'CHAVE',
  'VALOR',
  'VETOR',
  'MUTACOES',
  'CAMPO',
  // The message is sealed, but this server has no fleet key.
  'SELADA',
  // With a fleet key: no seal, malformed seal, unknown key, failed authentication, repeated, from an origin not known
  // to be alive.
  'SEM_SELO',
  'SELO',
  'CHAVE_FROTA',
  'AUTENTICIDADE',
  'REPETIDA',
  'NAO_VERIFICADA',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Thrown by the checks below and caught by `decode`. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  constructor(readonly reason: DropReason) {
    super(reason);
  }
}

// One instance per reason, so that a flood of garbage costs no stack traces.
const rejections = new Map(DROP_REASONS.map((reason) => [reason, new Rejection(reason)]));

/** Ends the decoding of a payload. @throws Rejection always */
export function reject(reason: DropReason): never {
  throw rejections.get(reason) ?? new Rejection(reason);
}

/** A JSON object as `JSON.parse` returns it. */
export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown, reason: DropReason = 'CAMPO'): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) reject(reason);
  return value as Fields;
}

export function list(value: unknown, most: number, reason: DropReason = 'CAMPO'): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) reject(reason);
  return value as readonly unknown[];
}

/** A whole number from `least` to `most`, which must both be safe integers. −0 is rejected. */
export function whole(value: unknown, least: number, most: number, reason: DropReason): number {
  if (!Number.isSafeInteger(value)) reject(reason);
  const number = value as number;
  if (number < least || number > most || Object.is(number, -0)) reject(reason);
  return number;
}

export function count(value: unknown): number {
  return whole(value, 0, Number.MAX_SAFE_INTEGER, 'CAMPO');
}

export function sequence(value: unknown): number {
  return whole(value, 1, Number.MAX_SAFE_INTEGER, 'SEQUENCIA');
}

export function version(value: unknown): number {
  return whole(value, 1, limits.version, 'VERSAO');
}

export function timestamp(value: unknown): number {
  return whole(value, 0, limits.timestampMs, 'TEMPO');
}

export function origin(value: unknown): Origin {
  if (typeof value !== 'string' || !ORIGIN_PATTERN.test(value)) reject('ORIGEM');
  return value;
}

/** A text of at most `bytes` in UTF-8. Counting is skipped if even three bytes per UTF-16 unit would fit. */
export function text(value: unknown, bytes: number, reason: DropReason): string {
  if (typeof value !== 'string') reject(reason);
  if (value.length * 3 > bytes && Buffer.byteLength(value) > bytes) reject(reason);
  return value;
}

/** Lowercase hexadecimal digits, at most `digits` of them. */
export function hex(value: unknown, digits: number): string {
  if (typeof value !== 'string' || value.length > digits || !/^[0-9a-f]*$/.test(value)) reject('CAMPO');
  return value;
}

/** One of the values of `names`; returns its key. */
export function oneOf<T extends string>(value: unknown, names: Readonly<Record<T, string>>): T {
  for (const name in names) if (names[name] === value) return name;
  reject('CAMPO');
}

// Up to this length a linear search is faster than building a set.
const SHORT_LIST = 8;

/**
 * Pairs of origin and seq, each origin once.
 * @param most number of pairs
 * @param leastSeq 0 where that stands for an origin of which nothing is known
 */
export function vector(value: unknown, most: number = limits.vectorEntries, leastSeq = 1): VectorEntries {
  const pairs = list(value, most, 'VETOR');
  if (pairs.length === 0) return NO_ENTRIES;
  const entries: [Origin, number][] = [];
  const seen = pairs.length > SHORT_LIST ? new Set<Origin>() : undefined;
  for (const item of pairs) {
    const pair = list(item, 2, 'VETOR');
    if (pair.length !== 2) reject('VETOR');
    const name = origin(pair[0]);
    const seq = whole(pair[1], leastSeq, Number.MAX_SAFE_INTEGER, 'SEQUENCIA');
    if (seen ? seen.has(name) : entries.some(([other]) => other === name)) reject('VETOR');
    seen?.add(name);
    entries.push([name, seq]);
  }
  return entries;
}

/** A vector that is omitted when empty. */
export function optionalVector(value: unknown): VectorEntries {
  return value === undefined ? NO_ENTRIES : vector(value);
}

export function dot(value: unknown): Dot {
  const pair = list(value, 2, 'VETOR');
  if (pair.length !== 2) reject('VETOR');
  return { origin: origin(pair[0]), seq: sequence(pair[1]) };
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Rejects strings with a lone surrogate, since different ones become the same bytes in UTF-8. Valid UTF-8 cannot
 * contain one, so it can only come from an escape such as \ud800, which few payloads contain.
 */
export function rejectLoneSurrogates(json: string): void {
  if (!json.includes('\\ud') && !json.includes('\\uD')) return;
  JSON.parse(json, (name, value: unknown) => {
    if (LONE_SURROGATE.test(name)) reject('JSON');
    if (typeof value === 'string' && LONE_SURROGATE.test(value)) reject('JSON');
    return value;
  });
}
