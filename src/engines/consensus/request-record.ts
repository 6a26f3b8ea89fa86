import { reused } from '../../core/attempt.js';
import { hashString } from '../../core/hash.js';
import { foreign, isCount, parseObject } from './records.js';
import type { Place } from '../plan.js';

/** The outcome of a request: the place and the fingerprint of its value. */
export interface RequestRecord extends Place {
  /** When the value expires, ms since 1970; absent if never. */
  readonly expiresAt?: number | undefined;
  /** Length and hash of the key and of the value: they tell whether a repeated request is the same. */
  readonly print: readonly number[];
}

const FORMAT = 1;

/** The record of an insert. */
export function requestRecord(
  key: string,
  value: string,
  { version, timestamp }: Place,
  expiresAt?: number,
): RequestRecord {
  return { version, timestamp, print: printOf(key, value), expiresAt };
}

/** `{"formato":1,"versao":3,"instante":…,"marca":[4,…,5,…]}`, and `"expira":…` if the value does. */
export function encodeRequest({ version, timestamp, print, expiresAt }: RequestRecord): Buffer {
  const record = { formato: FORMAT, versao: version, instante: timestamp, marca: print, expira: expiresAt };
  return Buffer.from(JSON.stringify(record));
}

/** @throws KvsError INTERNO if this is not a request record of our format */
export function decodeRequest(bytes: Buffer): RequestRecord {
  const text = bytes.toString('utf8');
  const { formato, versao, instante, marca, expira } = parseObject(text);
  if (formato !== FORMAT || !isCount(versao) || !isCount(instante)) throw foreign(text);
  if (!Array.isArray(marca) || !marca.every(isCount)) throw foreign(text);
  if (expira !== undefined && !isCount(expira)) throw foreign(text);
  return { version: versao, timestamp: instante, print: marca, expiresAt: expira };
}

/** @throws KvsError PEDIDO_REPETIDO unless the record is of an insert of this key and value */
export function assertSame({ print }: RequestRecord, key: string, value: string): void {
  const expected = printOf(key, value);
  if (print.length !== expected.length || print.some((part, i) => part !== expected[i])) throw reused();
}

function printOf(key: string, value: string): readonly number[] {
  return [key.length, hashString(key), value.length, hashString(value)];
}
