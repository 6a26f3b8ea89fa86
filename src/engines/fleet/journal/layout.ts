/**
 * The layout of a journal in LevelDB, which docs/STORAGE.md describes field by field.
 */
import type { Attempt } from '../../../core/attempt.js';
import type { VectorEntries } from '../../../core/dot.js';
import type { KeptEntry, KeyMark } from '../../../ports/journal.js';

/** Version of the layout. */
export const FORMAT_LEAST = 1;
/** The same, with entries that carry a request id: a folder has this format from its first such entry on. */
export const FORMAT_WITH_REQUESTS = 2;
/** The versions that can be read. A folder of another version is refused: its records may mean anything. */
export const FORMATS: readonly number[] = [FORMAT_LEAST, FORMAT_WITH_REQUESTS];

export const FORMAT_KEY = Buffer.from('formato');
export const META_KEY = Buffer.from('meta');

const LOG_PREFIX = 'l';
const STATE_PREFIX = 's';
const DIGITS = 16;
const GENERATION_DIGITS = 8;
/** Length of prefix and generation, which precede the kind of text. */
const STATE_HEAD = 1 + GENERATION_DIGITS;
// A zero inside a key is followed by 1, so the terminator occurs nowhere else, and no key is a prefix of another.
const TERMINATOR = Buffer.from([0, 0]);
const WELL_FORMED = 0x75; // u
const ESCAPED = 0x77; // w
/** Version (4), number of the origin (2), seq (7). */
const PLACE_BYTES = 13;
/** Flags (1), timestamp (8). */
const ENTRY_HEAD = 9;
const HAS_CONTEXT = 1;
const IS_ESCAPED = 2;
const HAS_ATTEMPT = 4;
const SEQ_HIGH = 2 ** 32;

/** Metadata of the state and the log. */
export interface Meta {
  readonly generation: number;
  /** Position of the first batch after the state. */
  readonly logStart: number;
  readonly vector: VectorEntries;
  /** Names of origins; entries refer to them by index. */
  readonly origins: readonly string[];
}

export function encodeFormat(format: number, fleet: string): Buffer {
  return Buffer.from(JSON.stringify({ formato: format, frota: fleet }));
}

export function isKnownFormat(format: unknown): format is number {
  return FORMATS.some((known) => known === format);
}

export function encodeMeta(meta: Meta): Buffer {
  const { generation: geracao, logStart: inicioLog, vector: vetor, origins: origens } = meta;
  return Buffer.from(JSON.stringify({ geracao, inicioLog, vetor, origens }));
}

export function decodeMeta(bytes: Buffer): Meta {
  const meta = JSON.parse(bytes.toString()) as {
    geracao: number;
    inicioLog: number;
    vetor: VectorEntries;
    origens: readonly string[];
  };
  return {
    generation: meta.geracao,
    logStart: meta.inicioLog,
    vector: meta.vetor,
    origins: meta.origens,
  };
}

// ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

export function logKey(position: number): Buffer {
  return Buffer.from(LOG_PREFIX + position.toString(16).padStart(DIGITS, '0'));
}

export function logPosition(key: Buffer): number {
  return parseInt(key.toString('latin1', 1), 16);
}

/** The range of log keys from a position on. */
export function logRange(from: number): { gte: Buffer; lt: Buffer } {
  return { gte: logKey(from), lt: Buffer.from(String.fromCharCode(LOG_PREFIX.charCodeAt(0) + 1)) };
}

// ── the state ────────────────────────────────────────────────────────────────────────────────────────────────────

export function stateRange(generation: number): { gte: Buffer; lt: Buffer } {
  return { gte: stateHead(generation), lt: stateHead(generation + 1) };
}

/** The ranges of state keys of other generations. */
export function otherStates(generation: number): { gte: Buffer; lt: Buffer }[] {
  return [
    { gte: Buffer.from(STATE_PREFIX), lt: stateHead(generation) },
    {
      gte: stateHead(generation + 1),
      lt: Buffer.from(String.fromCharCode(STATE_PREFIX.charCodeAt(0) + 1)),
    },
  ];
}

function stateHead(generation: number): Buffer {
  return Buffer.from(STATE_PREFIX + generation.toString(16).padStart(GENERATION_DIGITS, '0'));
}

/** The record key of a key's mark. The records of its entries follow: their keys are this one with a place appended. */
export function markKey(generation: number, key: string): Buffer {
  return keyBytes(generation, key, 0);
}

export function entryKey(
  generation: number,
  key: string,
  version: number,
  origin: number,
  seq: number,
): Buffer {
  const bytes = keyBytes(generation, key, PLACE_BYTES);
  const at = bytes.length - PLACE_BYTES;
  bytes.writeUInt32BE(version, at);
  bytes.writeUInt16BE(origin, at + 4);
  bytes.writeUIntBE(Math.floor(seq / SEQ_HIGH), at + 6, 3);
  bytes.writeUInt32BE(seq % SEQ_HIGH, at + 9);
  return bytes;
}

function keyBytes(generation: number, key: string, extra: number): Buffer {
  const wellFormed = isWellFormed(key);
  let text = wellFormed ? key : JSON.stringify(key);
  if (text.includes('\0')) text = text.replaceAll('\0', '\0\u0001');
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(STATE_HEAD + 1 + length + TERMINATOR.length + extra);
  bytes.write(STATE_PREFIX + generation.toString(16).padStart(GENERATION_DIGITS, '0'), 0, 'latin1');
  bytes[STATE_HEAD] = wellFormed ? WELL_FORMED : ESCAPED;
  bytes.write(text, STATE_HEAD + 1);
  bytes.writeUInt16BE(0, STATE_HEAD + 1 + length);
  return bytes;
}

/** The offset at which the text of a state key ends and its place, if any, begins. */
export function placeOffset(bytes: Buffer): number {
  const at = bytes.indexOf(TERMINATOR, STATE_HEAD + 1);
  if (at < 0) throw new Error('a state key without an end');
  return at + TERMINATOR.length;
}

/** The store key of a record whose place begins at `place`. */
export function keyOf(bytes: Buffer, place: number): string {
  const raw = bytes.toString('utf8', STATE_HEAD + 1, place - TERMINATOR.length);
  const text = raw.includes('\0') ? raw.replaceAll('\0\u0001', '\0') : raw;
  return bytes[STATE_HEAD] === WELL_FORMED ? text : (JSON.parse(text) as string);
}

export function encodeEntry({ timestamp, context, value, attempt }: KeptEntry): Buffer {
  const wellFormed = isWellFormed(value);
  const text = wellFormed ? value : JSON.stringify(value);
  const contextText = context.length === 0 ? '' : JSON.stringify(context);
  const contextBytes = context.length === 0 ? 0 : 4 + Buffer.byteLength(contextText);
  const attemptBytes = attempt === undefined ? 0 : 5 + attempt.id.length;
  const bytes = Buffer.allocUnsafe(ENTRY_HEAD + contextBytes + attemptBytes + Buffer.byteLength(text));
  bytes[0] =
    (context.length === 0 ? 0 : HAS_CONTEXT) |
    (wellFormed ? 0 : IS_ESCAPED) |
    (attempt === undefined ? 0 : HAS_ATTEMPT);
  bytes.writeDoubleBE(timestamp, 1);
  if (contextBytes > 0) {
    bytes.writeUInt32BE(contextBytes - 4, ENTRY_HEAD);
    bytes.write(contextText, ENTRY_HEAD + 4);
  }
  if (attempt !== undefined) {
    const at = ENTRY_HEAD + contextBytes;
    bytes.writeUInt32BE(attempt.number, at);
    bytes[at + 4] = attempt.id.length;
    bytes.write(attempt.id, at + 5, 'latin1');
  }
  bytes.write(text, ENTRY_HEAD + contextBytes + attemptBytes);
  return bytes;
}

/**
 * @param key record key, whose place begins at `place`
 * @param originName returns the name of an origin by its number
 */
export function decodeEntry(
  key: Buffer,
  place: number,
  bytes: Buffer,
  originName: (number: number) => string,
): KeptEntry {
  const flags = bytes[0] as number;
  let at = ENTRY_HEAD;
  let context: VectorEntries = [];
  if ((flags & HAS_CONTEXT) !== 0) {
    const length = bytes.readUInt32BE(at);
    context = JSON.parse(bytes.toString('utf8', at + 4, at + 4 + length)) as VectorEntries;
    at += 4 + length;
  }
  let attempt: Attempt | undefined;
  if ((flags & HAS_ATTEMPT) !== 0) {
    const end = at + 5 + (bytes[at + 4] as number);
    attempt = { id: bytes.toString('latin1', at + 5, end), number: bytes.readUInt32BE(at) };
    at = end;
  }
  const text = bytes.toString('utf8', at);
  return {
    version: key.readUInt32BE(place),
    origin: originName(key.readUInt16BE(place + 4)),
    seq: key.readUIntBE(place + 6, 3) * SEQ_HIGH + key.readUInt32BE(place + 9),
    timestamp: bytes.readDoubleBE(1),
    context,
    value: (flags & IS_ESCAPED) === 0 ? text : (JSON.parse(text) as string),
    ...(attempt && { attempt }),
  };
}

export function encodeMark({ greatestVersion, greatestTimestamp, heads }: KeyMark): Buffer {
  const cabecas = heads.map(({ origin, seq }) => [origin, seq]);
  return Buffer.from(JSON.stringify({ maiorVersao: greatestVersion, maiorTs: greatestTimestamp, cabecas }));
}

export function decodeMark(bytes: Buffer): KeyMark {
  const mark = JSON.parse(bytes.toString()) as {
    maiorVersao: number;
    maiorTs: number;
    cabecas: readonly (readonly [string, number])[];
  };
  return {
    greatestVersion: mark.maiorVersao,
    greatestTimestamp: mark.maiorTs,
    heads: mark.cabecas.map(([origin, seq]) => ({ origin, seq })),
  };
}

/** Whether UTF-8 can express a text, that is, it has no lone surrogates. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
