import { KvsError } from '../../core/errors.js';
import type { Row } from '../../ports/engine.js';
import type { Place } from '../plan.js';
import type { EtcdKeyValue } from './etcd-messages.js';
import type { ExpiryMarks } from './expiry-marks.js';

/** What is known of a key, with or without values. Written by every write to the key, never removed. */
export interface HeadRecord {
  /** Greatest version ever given; it outlives its value. */
  readonly greatestVersion: number;
  /** Greatest timestamp ever given. */
  readonly greatestTimestamp: number;
  /** The place of the newest value that may be the latest; it still exists unless it has expired. */
  readonly last: Place | undefined;
  /** Tokens of the last {@link RECENT_WRITES} writes, the newest last: they tell which writes were applied. */
  readonly recent: readonly string[];
  /** Absent while the key has no version with a time to live, and hides none for one. */
  readonly expiry?: ExpiryMarks | undefined;
}

/** A head as etcd had it at one moment. */
export interface StoredHead {
  readonly record: HeadRecord;
  /** Revision of its last write; 0 if there was none. */
  readonly revision: number;
  /** How many writes it has had. */
  readonly writes: number;
}

/** Tokens that a head remembers. */
export const RECENT_WRITES = 8;

/** The head of a key that nobody has written. */
export const NO_HEAD: StoredHead = Object.freeze({
  record: Object.freeze({ greatestVersion: 0, greatestTimestamp: 0, last: undefined, recent: [] }),
  revision: 0,
  writes: 0,
});

/** Format of head and value records, at the start of each. */
const FORMAT = 1;

/** The same for those that expire, and for heads that know of some: programs of before leave these alone. */
const EXPIRING_FORMAT = 2;

/**
 * `{"formato":1,"maiorVersao":3,"maiorInstante":…,"ultima":[3,…] or null,"recentes":["…"]}`; with expiry format 2, and
 * also `"expiram":[3],"piso":2`
 */
export function encodeHead(record: HeadRecord): Buffer {
  const { greatestVersion, greatestTimestamp, last, recent, expiry } = record;
  return Buffer.from(
    JSON.stringify({
      formato: expiry === undefined ? FORMAT : EXPIRING_FORMAT,
      maiorVersao: greatestVersion,
      maiorInstante: greatestTimestamp,
      ultima: last === undefined ? null : [last.version, last.timestamp],
      recentes: recent,
      ...(expiry && { expiram: expiry.versions, piso: expiry.floor }),
    }),
    'utf8',
  );
}

/** @throws KvsError INTERNO if this is not a head record of our format */
export function decodeHead(bytes: Buffer): HeadRecord {
  const text = bytes.toString('utf8');
  const fields = parseObject(text);
  const version = fields['maiorVersao'];
  const timestamp = fields['maiorInstante'];
  const { ultima, recentes } = fields;
  const expires = fields['formato'] === EXPIRING_FORMAT;
  if ((fields['formato'] !== FORMAT && !expires) || !isCount(version) || !isCount(timestamp)) {
    throw foreign(text);
  }
  if (!Array.isArray(recentes) || !recentes.every((token) => typeof token === 'string')) throw foreign(text);
  const last = ultima === null ? undefined : placeOf(ultima, text);
  const record = { greatestVersion: version, greatestTimestamp: timestamp, last, recent: recentes };
  return expires ? { ...record, expiry: marksOf(fields, text) } : record;
}

/**
 * The head that a range returned, for writers; {@link NO_HEAD} if there was nothing.
 * @throws KvsError NAO_SUPORTADO if another program has data there, which are left alone
 */
export function headOf(kv: EtcdKeyValue | undefined): StoredHead {
  const head = ourHead(kv);
  if (head !== undefined) return head;
  throw new KvsError(
    'NAO_SUPORTADO',
    'outro programa guarda nas réplicas algo seu no lugar desta chave, e nada foi gravado; use outra chave',
  );
}

/** As {@link headOf}, for readers: `undefined` if another program has data there. */
export function ourHead(kv: EtcdKeyValue | undefined): StoredHead | undefined {
  if (kv === undefined) return NO_HEAD;
  const record = ours(() => decodeHead(kv.value));
  return record && { record, revision: kv.mod_revision, writes: kv.version };
}

/** `1 <version> <token>` or `2 <version> <token> <expiry>`, a line feed, and the value unchanged. */
export function encodeValue(version: number, token: string, value: string, expiresAt?: number): Buffer {
  if (expiresAt === undefined) return Buffer.from(`${FORMAT} ${version} ${token}\n${value}`, 'utf8');
  return Buffer.from(`${EXPIRING_FORMAT} ${version} ${token} ${expiresAt}\n${value}`, 'utf8');
}

interface ValueRecord {
  readonly version: number;
  /** Token of the write that put it here. */
  readonly token: string;
  readonly value: string;
  /** ms since 1970; absent if never. */
  readonly expiresAt?: number;
}

/** @throws KvsError INTERNO if this is not a value record of our format */
export function decodeValue(bytes: Buffer): ValueRecord {
  const lineEnd = bytes.indexOf(0x0a);
  const line = bytes.toString('utf8', 0, Math.max(lineEnd, 0));
  const [format, version, token, expiresAt] = line.split(' ');
  const expires = format === String(EXPIRING_FORMAT);
  if ((format !== String(FORMAT) && !expires) || !isCount(Number(version)) || !token) throw foreign(line);
  const record = { version: Number(version), token, value: bytes.toString('utf8', lineEnd + 1) };
  if (!expires) return record;
  if (!expiresAt || !isCount(Number(expiresAt))) throw foreign(line);
  return { ...record, expiresAt: Number(expiresAt) };
}

/** The row that a value record stands for; `undefined` if there was nothing. */
export function rowOf(key: string, timestamp: number, kv: EtcdKeyValue | undefined): Row | undefined {
  if (kv === undefined) return undefined;
  const { version, value, expiresAt } = decodeValue(kv.value);
  const row = { key, value, version, timestamp };
  return expiresAt === undefined ? row : { ...row, expiresAt };
}

/** An entry of an index: the other half of the place, and when the version expires, if ever. */
export function encodeIndex(other: number, expiresAt: number | undefined): Buffer {
  return Buffer.from(expiresAt === undefined ? String(other) : `${other} ${expiresAt}`);
}

/** What {@link encodeIndex} wrote. */
export function decodeIndex({ value }: EtcdKeyValue): {
  readonly other: number;
  readonly expiresAt?: number | undefined;
} {
  const [other, expiresAt] = value.toString('latin1').split(' ');
  return { other: Number(other), expiresAt: expiresAt === undefined ? undefined : Number(expiresAt) };
}

/** The row that a value record stands for; `undefined` if another program wrote it. */
export function ourRow(key: string, timestamp: number, kv: EtcdKeyValue): Row | undefined {
  return ours(() => rowOf(key, timestamp, kv));
}

/** What was decoded; `undefined` if it is not ours. */
function ours<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Readonly<Record<string, unknown>>;
  } catch {
    // Reported below.
  }
  throw foreign(text);
}

function marksOf({ expiram, piso }: Readonly<Record<string, unknown>>, text: string): ExpiryMarks {
  if (!Array.isArray(expiram) || !expiram.every(isCount) || !isCount(piso)) throw foreign(text);
  return { versions: expiram, floor: piso };
}

function placeOf(pair: unknown, text: string): Place {
  if (Array.isArray(pair)) {
    const [version, timestamp] = pair as unknown[];
    if (isCount(version) && isCount(timestamp)) return { version, timestamp };
  }
  throw foreign(text);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function foreign(text: string): KvsError {
  const shown = JSON.stringify(text.slice(0, 80));
  return new KvsError('INTERNO', `registro que este programa não escreveu nas réplicas: ${shown}`);
}
