/** Messages that several doors share under different names: a key; a key and a value; a key, a value and a version. */
import type { Row } from '../../../ports/engine.js';
import { Reader } from './reader.js';
import { FIELD_1_LENGTH, FIELD_2_LENGTH, FIELD_2_VARINT, FIELD_3_VARINT } from './tags.js';
import { numberSize, textSize, writeNumber, writeText } from './writer.js';

/** A request with a key. `key` is `undefined` if its bytes are not UTF-8; `keyBytes` is its size on the wire. */
export interface KeyRequest {
  readonly key: string | undefined;
  readonly keyBytes: number;
}

/** A request with a key (field 1) and a value (field 2). */
export interface KeyValueRequest extends KeyRequest {
  readonly value: string | undefined;
  readonly valueBytes: number;
}

/** A request with a key (field 1) and a version (field 2). `version` is 0 if absent: both name none. */
export interface KeyVersionRequest extends KeyRequest {
  readonly version: number;
}

/** The fields of a row in an answer: key (field 1), value (field 2) and version (field 3). */
export type Tuple = Pick<Row, 'key' | 'value' | 'version'>;

/**
 * Decodes a key.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeKey(bytes: Buffer): KeyRequest {
  const reader = new Reader(bytes);
  let key: string | undefined = '';
  let keyBytes = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) {
      key = reader.text();
      keyBytes = reader.textBytes;
    } else reader.skip(tag);
  }
  return { key, keyBytes };
}

/**
 * Decodes a key and a value.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeKeyValue(bytes: Buffer): KeyValueRequest {
  const reader = new Reader(bytes);
  let key: string | undefined = '';
  let keyBytes = 0;
  let value: string | undefined = '';
  let valueBytes = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) {
      key = reader.text();
      keyBytes = reader.textBytes;
    } else if (tag === FIELD_2_LENGTH) {
      value = reader.text();
      valueBytes = reader.textBytes;
    } else reader.skip(tag);
  }
  return { key, keyBytes, value, valueBytes };
}

/**
 * Decodes a key and a version.
 * @param readVersion reads the version, according to its type on the wire
 * @param given what was already read of the same message: a message sent in parts is merged
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function readKeyVersion(
  reader: Reader,
  readVersion: (reader: Reader) => number,
  given: KeyVersionRequest = BLANK_REQUEST,
): KeyVersionRequest {
  let { key, keyBytes, version } = given;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) {
      key = reader.text();
      keyBytes = reader.textBytes;
    } else if (tag === FIELD_2_VARINT) version = readVersion(reader);
    else reader.skip(tag);
  }
  return { key, keyBytes, version };
}

/** An empty request: the empty key, no version. */
export const BLANK_REQUEST: KeyVersionRequest = Object.freeze({ key: '', keyBytes: 0, version: 0 });

/** The encoding of a message without fields. Shared: do not write on it. */
export const EMPTY = Buffer.alloc(0);

/** Encodes a row's key, value and version (0 … 2⁵³−1). The result may be shared: do not write on it. */
export function encodeTuple(tuple: Tuple): Buffer {
  const keyBytes = Buffer.byteLength(tuple.key, 'utf8');
  const valueBytes = Buffer.byteLength(tuple.value, 'utf8');
  const size = textSize(keyBytes) + textSize(valueBytes) + numberSize(tuple.version);
  if (size === 0) return EMPTY;
  const bytes = Buffer.allocUnsafe(size);
  let at = writeText(bytes, 0, FIELD_1_LENGTH, tuple.key, keyBytes);
  at = writeText(bytes, at, FIELD_2_LENGTH, tuple.value, valueBytes);
  writeNumber(bytes, at, FIELD_3_VARINT, tuple.version);
  return bytes;
}
