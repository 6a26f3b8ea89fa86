/** Entries and marks as LevelDB keeps them: docs/STORAGE.md describes them field by field. */
import type { Attempt } from '../../../core/attempt.js';
import { NO_ENTRIES, type VectorEntries } from '../../../core/dot.js';
import type { KeptEntry, KeyMark } from '../../../ports/journal.js';
import { decodePlace } from './layout.js';
import { isWellFormed } from '../../../core/well-formed.js';

/** Flags (1), timestamp (8). */
const ENTRY_HEAD = 9;
const LENGTH_BYTES = 4;
const EXPIRY_BYTES = 8;
/** Number of an attempt (4), length of its id (1). */
const ATTEMPT_HEAD = 5;

// The flags of an entry.
const HAS_CONTEXT = 1;
const IS_ESCAPED = 2;
const HAS_ATTEMPT = 4;
const HAS_EXPIRY = 8;
const IS_PASSED = 16;

export function encodeEntry({ timestamp, context, value, attempt, expiresAt, passed }: KeptEntry): Buffer {
  const wellFormed = isWellFormed(value);
  const text = wellFormed ? value : JSON.stringify(value);
  const contextText = context.length === 0 ? '' : JSON.stringify(context);
  const contextBytes = context.length === 0 ? 0 : LENGTH_BYTES + Buffer.byteLength(contextText);
  const attemptBytes = attempt === undefined ? 0 : ATTEMPT_HEAD + attempt.id.length;
  const expiryBytes = expiresAt === undefined ? 0 : EXPIRY_BYTES;
  const extraBytes = contextBytes + attemptBytes + expiryBytes;
  const bytes = Buffer.allocUnsafe(ENTRY_HEAD + extraBytes + Buffer.byteLength(text));
  bytes[0] =
    (context.length === 0 ? 0 : HAS_CONTEXT) |
    (wellFormed ? 0 : IS_ESCAPED) |
    (attempt === undefined ? 0 : HAS_ATTEMPT) |
    (expiresAt === undefined ? 0 : HAS_EXPIRY) |
    (passed === true ? IS_PASSED : 0);
  bytes.writeDoubleBE(timestamp, 1);
  let at = ENTRY_HEAD;
  if (contextBytes > 0) {
    bytes.writeUInt32BE(contextBytes - LENGTH_BYTES, at);
    bytes.write(contextText, at + LENGTH_BYTES);
    at += contextBytes;
  }
  if (attempt !== undefined) {
    bytes.writeUInt32BE(attempt.number, at);
    bytes[at + 4] = attempt.id.length;
    bytes.write(attempt.id, at + ATTEMPT_HEAD, 'latin1');
    at += attemptBytes;
  }
  if (expiresAt !== undefined) at = bytes.writeDoubleBE(expiresAt, at);
  bytes.write(text, at);
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
  let context: VectorEntries = NO_ENTRIES;
  if ((flags & HAS_CONTEXT) !== 0) {
    const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
    context = JSON.parse(bytes.toString('utf8', at + LENGTH_BYTES, end)) as VectorEntries;
    at = end;
  }
  let attempt: Attempt | undefined;
  if ((flags & HAS_ATTEMPT) !== 0) {
    const end = at + ATTEMPT_HEAD + (bytes[at + 4] as number);
    attempt = { id: bytes.toString('latin1', at + ATTEMPT_HEAD, end), number: bytes.readUInt32BE(at) };
    at = end;
  }
  let expiresAt: number | undefined;
  if ((flags & HAS_EXPIRY) !== 0) {
    expiresAt = bytes.readDoubleBE(at);
    at += EXPIRY_BYTES;
  }
  const text = bytes.toString('utf8', at);
  const { version, origin, seq } = decodePlace(key, place);
  return {
    version,
    origin: originName(origin),
    seq,
    timestamp: bytes.readDoubleBE(1),
    context,
    value: (flags & IS_ESCAPED) === 0 ? text : (JSON.parse(text) as string),
    ...(attempt && { attempt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...((flags & IS_PASSED) !== 0 && { passed: true }),
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
