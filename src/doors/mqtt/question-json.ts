/** Questions as JSON. Pure. */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { ATTEMPT_MAX } from '../../core/attempt.js';
import { KvsError } from '../../core/errors.js';
import { isShaped } from '../../core/json-shape.js';
import { limits } from '../../core/limits.js';
import { isWellFormed } from '../../core/well-formed.js';
import { mqttDoorLimits } from './limits.js';

/** A question is one object of a few fields. */
const SHAPE = { depth: 1, parts: 32 } as const;

/** Characters of what was sent that a refusal repeats. */
const SHOWN_CHARS = 40;

function whole(min: number, max: number) {
  const error = `esperado um inteiro de ${String(min)} a ${String(max)}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A key or a value: checked for UTF-8, and for its length, in bytes. */
function text(code: 'CHAVE' | 'VALOR', most: number) {
  return z
    .string({ error: 'esperado um texto' })
    .refine(isWellFormed, {
      error: 'não é UTF-8 válido',
      params: { code: `${code}_INVALID${code === 'CHAVE' ? 'A' : 'O'}` },
    })
    .refine((given) => given.length <= most && Buffer.byteLength(given) <= most, {
      error: `passa de ${String(most)} bytes`,
      params: { code: `${code}_LONG${code === 'CHAVE' ? 'A' : 'O'}` },
    });
}

const key = text('CHAVE', limits.keyBytes);
const value = text('VALOR', limits.valueBytes);
const version = whole(1, limits.version);
const most = whole(1, mqttDoorLimits.answerLinesMax).optional();
/** Who asks chooses it: it is compared with the pattern of request ids where it is used. */
const REQUEST = {
  pedido: z.string({ error: 'esperado um texto' }).optional(),
  tentativa: whole(1, ATTEMPT_MAX).optional(),
};

const QUESTION = z.discriminatedUnion(
  'op',
  [
    z.strictObject({
      op: z.literal('consulta'),
      chave: key,
      versao: version.optional(),
      em: whole(0, limits.timestampMs).optional(),
    }),
    z.strictObject({
      op: z.literal('insere'),
      chave: key,
      valor: value,
      ttl: whole(1, limits.ttlSeconds).optional(),
      ...REQUEST,
    }),
    z.strictObject({ op: z.literal('remove'), chave: key, versao: version.optional(), ...REQUEST }),
    z.strictObject({
      op: z.literal('historico'),
      chave: key,
      depois: whole(0, limits.version).optional(),
      limite: most,
    }),
    z.strictObject({
      op: z.literal('lista'),
      chave: key.optional(),
      prefixo: key.optional(),
      de: key.optional(),
      ate: key.optional(),
      depois: key.optional(),
      limite: most,
    }),
    z.strictObject({
      op: z.literal('compara'),
      chave: key,
      versao: whole(0, limits.version),
      // Nothing is removed because a field was forgotten.
      valor: value.nullable(),
      ttl: whole(1, limits.ttlSeconds).optional(),
      ...REQUEST,
    }),
  ],
  { error: 'op: esperado consulta, insere, remove, historico, lista ou compara' },
);

type Op = z.output<typeof QUESTION>['op'];

/** Fields that say nothing to an operation: clients that send the same fields with each of them are served. */
const IDLE: Readonly<Record<Op, readonly string[]>> = {
  consulta: ['valor', 'pedido', 'tentativa'],
  insere: [],
  remove: ['valor'],
  historico: ['versao', 'valor', 'pedido', 'tentativa'],
  lista: ['versao', 'valor', 'pedido', 'tentativa'],
  compara: [],
};

/** Every field that some operation has. */
const KNOWN: ReadonlySet<string> = new Set([
  ...Object.values(IDLE).flat(),
  ...QUESTION.options.flatMap(({ shape }) => Object.keys(shape)),
]);

/** Operations to which version 0 says that none is named, as at the other doors. */
const ZERO_IS_NONE: ReadonlySet<unknown> = new Set<Op>(['consulta', 'insere', 'remove']);

/**
 * The object without the fields that say nothing: those idle for its operation, and known ones that are null. What could
 * be a condition of a write stays, and is refused where the operation has none.
 */
function withoutIdle(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  const op: unknown = 'op' in json ? json.op : undefined;
  const idle = typeof op === 'string' && Object.hasOwn(IDLE, op) ? IDLE[op as Op] : [];
  const says = ([name, given]: [string, unknown]): boolean => {
    if (idle.includes(name)) return false;
    // A null value of compara removes.
    if (given === null) return !KNOWN.has(name) || (op === 'compara' && name === 'valor');
    return !(ZERO_IS_NONE.has(op) && name === 'versao' && given === 0);
  };
  return Object.fromEntries(Object.entries(json).filter(says));
}

/** What somebody asks. */
export type Question = z.output<typeof QUESTION>;

/**
 * Reads a question: an unknown field is refused, a known one that says nothing to the operation is ignored. Everything is bounded before it is parsed.
 * @throws KvsError PEDIDO_INVALIDO, CHAVE_*, VALOR_*
 */
export function readQuestion(payload: Buffer): Question {
  const { questionBytes } = mqttDoorLimits;
  if (payload.length > questionBytes) throw invalid(`o pedido passa de ${String(questionBytes)} bytes`);
  if (!isUtf8(payload)) throw invalid('o pedido não é UTF-8 válido');
  if (!isShaped(payload, SHAPE)) throw invalid('o pedido é um só objeto JSON, sem listas nem objetos dentro');
  if (!hasPlainNumbers(payload))
    throw invalid('números são inteiros, sem ponto nem expoente, de até 16 algarismos');
  let json: unknown;
  try {
    json = JSON.parse(payload.toString('utf8'));
  } catch {
    throw invalid('o pedido não é JSON, como {"op":"consulta","chave":"casa/sala"}');
  }
  const told = withoutIdle(json);
  const parsed = QUESTION.safeParse(told);
  if (!parsed.success) throw refused(parsed.error, told);
  const question = parsed.data;
  if (question.op === 'lista' && question.chave !== undefined && question.prefixo !== undefined) {
    throw invalid('lista: chave e prefixo são o mesmo; só um dos dois');
  }
  if (question.op === 'consulta' && question.versao !== undefined && question.em !== undefined) {
    throw invalid('versao e em: só um dos dois');
  }
  return question;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [ZERO, NINE] = [0x30, 0x39];
const DIGITS_MAX = 16;

/** Whether all numbers are whole and short enough to be exact: a parser would round others without a word. */
function hasPlainNumbers(json: Buffer): boolean {
  let digits = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    if (byte === QUOTE) {
      for (at++; at < json.length && json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++;
      digits = 0;
    } else if (byte >= ZERO && byte <= NINE) {
      if (++digits > DIGITS_MAX) return false;
    } else {
      // A point or an exponent: words of JSON have an e too, but not behind a digit.
      if (digits > 0 && '.eE'.includes(String.fromCharCode(byte))) return false;
      digits = 0;
    }
  }
  return true;
}

const CODES = new Set(['CHAVE_INVALIDA', 'CHAVE_LONGA', 'VALOR_INVALIDO', 'VALOR_LONGO'] as const);
type TextCode = typeof CODES extends Set<infer Code> ? Code : never;

/** The first problem, with a code of its own where it is one of a key or a value. */
function refused({ issues }: z.ZodError, told: unknown): KvsError {
  const [issue] = issues;
  const path = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    return invalid(unwanted(issue.keys, (told as { readonly op: Op }).op));
  }
  const message = `${path === '' || path === 'op' ? '' : `${path}: `}${issue?.message ?? 'inválido'}`;
  const code: unknown = issue?.code === 'custom' ? issue.params?.['code'] : undefined;
  return CODES.has(code as TextCode) ? new KvsError(code as TextCode, message) : invalid(message);
}

/** Says of fields that an operation has none of, which of them other operations have. */
function unwanted(names: readonly string[], op: Op): string {
  const unknown = names.filter((name) => !KNOWN.has(name)).slice(0, 4);
  if (unknown.length > 0) {
    return `campo desconhecido: ${unknown.map((name) => JSON.stringify(name.slice(0, SHOWN_CHARS))).join(', ')}`;
  }
  if (op === 'insere' && names.includes('versao')) {
    return 'versao: insere sempre faz a versão seguinte; para gravar só se a atual é essa, use compara';
  }
  return `${op} não tem ${names.join(', ')}`;
}

function invalid(message: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', message);
}
