/**
 * The layout of a journal in LevelDB: its keys, and the records that stand for all of it. docs/STORAGE.md describes them
 * field by field.
 */
import type { VectorEntries } from '../../../core/dot.js';
import type { StateHead } from '../../../ports/journal.js';
import { isWellFormed } from '../../../core/well-formed.js';

/** Version of the layout that is written. */
export const FORMAT = 3;
/**
 * The versions that can be read. A folder of another version is refused: its records may mean anything. In versions 1
 * and 2 the metadata hold the whole vector, and a place has two bytes for the number of an origin.
 */
export const FORMATS: readonly number[] = [1, 2, FORMAT];

export const FORMAT_KEY = Buffer.from('formato');
export const META_KEY = Buffer.from('meta');
export const FLOORS_KEY = Buffer.from('pisos');

const LOG_PREFIX = 'l';
const STATE_PREFIX = 's';
const ORIGIN_PREFIX = 'o';
const DIGITS = 16;
const GENERATION_DIGITS = 8;
const ORIGIN_DIGITS = 8;
/** Length of prefix and generation, which precede the kind of text. */
const STATE_HEAD = 1 + GENERATION_DIGITS;
// A zero inside a key is followed by 1, so the terminator occurs nowhere else, and no key is a prefix of another.
const TERMINATOR = Buffer.from([0, 0]);
const WELL_FORMED = 0x75; // u
const ESCAPED = 0x77; // w
/** Version (4), number of the origin (4), seq (7). */
const PLACE_BYTES = 15;
/** The same in formats 1 and 2, where the number of the origin has two bytes. */
const OLD_PLACE_BYTES = 13;
const SEQ_HIGH = 2 ** 32;

/** Metadata of the state and the log. */
export interface Meta {
  readonly generation: number;
  /** Position of the first batch after the state. */
  readonly logStart: number;
  /** The fleet's clock when the state was read, ms since 1970. */
  readonly fleetMs: number;
  /** The causal frontier of the state, if it is known and short. */
  readonly frontier: VectorEntries | undefined;
}

/** What the metadata of formats 1 and 2 hold besides. */
export interface OldOrigins {
  readonly vector: VectorEntries;
  /** Names of origins; places refer to them by index. */
  readonly names: readonly string[];
}

export function encodeFormat(format: number, fleet: string): Buffer {
  return Buffer.from(JSON.stringify({ formato: format, frota: fleet }));
}

export function isKnownFormat(format: unknown): format is number {
  return FORMATS.some((known) => known === format);
}

export function encodeMeta({ generation, logStart, fleetMs, frontier }: Meta): Buffer {
  const meta = { geracao: generation, inicioLog: logStart, hora: fleetMs, fronteira: frontier };
  return Buffer.from(JSON.stringify(meta));
}

/** Decodes the metadata of any known format; `old` is empty in format 3. */
export function decodeMeta(bytes: Buffer): { readonly meta: Meta; readonly old: OldOrigins } {
  const meta = JSON.parse(bytes.toString()) as {
    geracao: number;
    inicioLog: number;
    hora?: number;
    fronteira?: VectorEntries;
    vetor?: VectorEntries;
    origens?: readonly string[];
  };
  const { geracao: generation, inicioLog: logStart, hora: fleetMs = 0, fronteira: frontier } = meta;
  return {
    meta: { generation, logStart, fleetMs, frontier },
    old: { vector: meta.vetor ?? [], names: meta.origens ?? [] },
  };
}

export function encodeFloors(floors: StateHead['floors']): Buffer {
  const pisos = floors.map(({ part, version, timestamp, paceMs }) => [part, version, timestamp, paceMs]);
  return Buffer.from(JSON.stringify(pisos));
}

export function decodeFloors(bytes: Buffer): StateHead['floors'] {
  const pisos = JSON.parse(bytes.toString()) as [number, number, number, number][];
  return pisos.map(([part, version, timestamp, paceMs]) => ({ part, version, timestamp, paceMs }));
}

// ── origins ──────────────────────────────────────────────────────────────────────────────────────────────────────

// The records of origins are text, since LevelDB hands over a million texts in half the time of as many buffers.

/** The key of the record of an origin: records come in the order of the numbers. */
export function originKey(number: number): string {
  return ORIGIN_PREFIX + number.toString(16).padStart(ORIGIN_DIGITS, '0');
}

export function originNumber(key: string): number {
  return parseInt(key.slice(ORIGIN_PREFIX.length), 16);
}

export function originRange(): { gte: string; lt: string } {
  const { gte, lt } = prefixRange(ORIGIN_PREFIX);
  return { gte: gte.toString(), lt: lt.toString() };
}

/** The record of an origin: its last seq in the state, and its name. */
export function encodeOrigin(name: string, seq: number): string {
  return `${seq} ${name}`;
}

export function decodeOrigin(text: string): readonly [name: string, seq: number] {
  const space = text.indexOf(' ');
  return [text.slice(space + 1), Number(text.slice(0, space))];
}

function writeSeq(bytes: Buffer, seq: number, at: number): void {
  bytes.writeUIntBE(Math.floor(seq / SEQ_HIGH), at, 3);
  bytes.writeUInt32BE(seq % SEQ_HIGH, at + 3);
}

function readSeq(bytes: Buffer, at: number): number {
  return bytes.readUIntBE(at, 3) * SEQ_HIGH + bytes.readUInt32BE(at + 3);
}

/** Every key that begins with a character. */
function prefixRange(prefix: string): { gte: Buffer; lt: Buffer } {
  return { gte: Buffer.from(prefix), lt: Buffer.from(String.fromCharCode(prefix.charCodeAt(0) + 1)) };
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
  return { gte: logKey(from), lt: prefixRange(LOG_PREFIX).lt };
}

// ── the state ────────────────────────────────────────────────────────────────────────────────────────────────────

export function stateRange(generation: number): { gte: Buffer; lt: Buffer } {
  return { gte: stateHead(generation), lt: stateHead(generation + 1) };
}

/** The range of state keys of earlier generations. */
export function statesBefore(generation: number): { gte: Buffer; lt: Buffer } {
  return { gte: prefixRange(STATE_PREFIX).gte, lt: stateHead(generation) };
}

/** The range of state keys of later generations. */
export function statesAfter(generation: number): { gte: Buffer; lt: Buffer } {
  return { gte: stateHead(generation + 1), lt: prefixRange(STATE_PREFIX).lt };
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
  bytes.writeUInt32BE(origin, at + 4);
  writeSeq(bytes, seq, at + 8);
  return bytes;
}

/** The place of an entry in its record key, of any known format. `origin` is a number. */
export function decodePlace(key: Buffer, at: number): { version: number; origin: number; seq: number } {
  const version = key.readUInt32BE(at);
  return key.length - at === OLD_PLACE_BYTES
    ? { version, origin: key.readUInt16BE(at + 4), seq: readSeq(key, at + 6) }
    : { version, origin: key.readUInt32BE(at + 4), seq: readSeq(key, at + 8) };
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
