/** The messages of `KeyValueStore`, by hand (see wire/reader.ts). Versions are int64 on the wire, numbers here. */
import { BLANK_REQUEST, EMPTY, readKeyVersion, type KeyVersionRequest } from '../wire/messages.js';
import { Reader } from '../wire/reader.js';
import { FIELD_1_LENGTH, FIELD_2_LENGTH, FIELD_3_VARINT, FIELD_4_VARINT } from '../wire/tags.js';
import { numberSize, textSize, writeNumber, writeText } from '../wire/writer.js';

// `KeyValueRequest` and `KeyValueVersionReply` are shared with other doors.
export { decodeKeyValue, encodeTuple } from '../wire/messages.js';

/** `KeyRange`. An absent bound is the empty key. */
export interface RangeRequest {
  readonly from: KeyVersionRequest;
  readonly to: KeyVersionRequest;
}

/** `PutReply`. Versions are ms since 1970; 0 for none. */
export interface PutReply {
  readonly key: string;
  readonly oldValue: string;
  readonly oldVersion: number;
  readonly version: number;
}

const readInt64 = (reader: Reader): number => reader.int64();

/**
 * Decodes `KeyRequest`. A version beyond 2⁵³−1, later than any that exists, becomes 2⁵³−1.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeKeyRequest(bytes: Buffer): KeyVersionRequest {
  return readKeyVersion(new Reader(bytes), readInt64);
}

/**
 * Decodes `KeyRange`.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeRange(bytes: Buffer): RangeRequest {
  const reader = new Reader(bytes);
  let from = BLANK_REQUEST;
  let to = BLANK_REQUEST;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) from = readKeyVersion(reader.message(), readInt64, from);
    else if (tag === FIELD_2_LENGTH) to = readKeyVersion(reader.message(), readInt64, to);
    else reader.skip(tag);
  }
  return { from, to };
}

/** Encodes `PutReply`. The result may be shared: do not write on it. */
export function encodePutReply({ key, oldValue, oldVersion, version }: PutReply): Buffer {
  const keyBytes = Buffer.byteLength(key, 'utf8');
  const valueBytes = Buffer.byteLength(oldValue, 'utf8');
  const size = textSize(keyBytes) + textSize(valueBytes) + numberSize(oldVersion) + numberSize(version);
  if (size === 0) return EMPTY;
  const bytes = Buffer.allocUnsafe(size);
  let at = writeText(bytes, 0, FIELD_1_LENGTH, key, keyBytes);
  at = writeText(bytes, at, FIELD_2_LENGTH, oldValue, valueBytes);
  at = writeNumber(bytes, at, FIELD_3_VARINT, oldVersion);
  writeNumber(bytes, at, FIELD_4_VARINT, version);
  return bytes;
}
