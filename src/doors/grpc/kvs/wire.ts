/** The messages of `kvs.KVS`, by hand (see wire/reader.ts). */
import { EMPTY, readKeyVersion, type KeyVersionRequest } from '../wire/messages.js';
import { Reader } from '../wire/reader.js';
import { FIELD_1_VARINT } from '../wire/tags.js';
import { varintSize, writeVarint } from '../wire/writer.js';

// `ChaveValor` and `Tupla` are shared with other doors.
export { decodeKeyValue, encodeTuple } from '../wire/messages.js';

/** `Versao` as a request. */
export interface VersionRequest {
  readonly version: number;
}

const readInt32 = (reader: Reader): number => reader.int32();

/**
 * Decodes `ChaveVersao`.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeKeyVersion(bytes: Buffer): KeyVersionRequest {
  return readKeyVersion(new Reader(bytes), readInt32);
}

/**
 * Decodes `Versao`.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeVersion(bytes: Buffer): VersionRequest {
  const reader = new Reader(bytes);
  let version = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_VARINT) version = reader.int32();
    else reader.skip(tag);
  }
  return { version };
}

/** Field 1, −1 as the ten bytes of a 64-bit varint. */
const MINUS_ONE = Buffer.from([FIELD_1_VARINT, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);

/** Encodes `Versao`. `version` is −1, or 0 … 2³¹−1. The result may be shared: do not write on it. */
export function encodeVersion(version: number): Buffer {
  if (version === 0) return EMPTY;
  if (version < 0) return MINUS_ONE;
  const bytes = Buffer.allocUnsafe(1 + varintSize(version));
  bytes[0] = FIELD_1_VARINT;
  writeVarint(bytes, 1, version);
  return bytes;
}
