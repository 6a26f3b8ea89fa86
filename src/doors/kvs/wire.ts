/**
 * Protobuf of `kvs.KVS` by hand. Text is checked on the raw bytes: the usual decoder replaces invalid UTF-8, which
 * would turn different invalid keys into one. Unknown fields, repeated fields (the last wins) and fields of another
 * wire type (unknown) are treated as https://protobuf.dev/programming-guides/encoding says.
 */
import { isUtf8 } from 'node:buffer';
import { KvsError } from '../../core/errors.js';
import type { Row } from '../../ports/engine.js';

/** A request with a key. `key` is `undefined` if its bytes are not UTF-8; `keyBytes` is its size on the wire. */
export interface KeyRequest {
  readonly key: string | undefined;
  readonly keyBytes: number;
}

/** `ChaveValor`. */
export interface KeyValueRequest extends KeyRequest {
  readonly value: string | undefined;
  readonly valueBytes: number;
}

/** `ChaveVersao`. `version` is 0 if absent: both name none. */
export interface KeyVersionRequest extends KeyRequest {
  readonly version: number;
}

/** `Versao` as a request. An object, since the gRPC library takes a bare 0 for a missing request. */
export interface VersionRequest {
  readonly version: number;
}

/** What a `Tupla` shows of a row. */
export type Tuple = Pick<Row, 'key' | 'value' | 'version'>;

/**
 * A request, or why it is none. A decoder that throws would make the gRPC library answer INTERNAL without a reason;
 * this way the handler answers INVALID_ARGUMENT.
 */
export type Decoded<Req> = Req | KvsError;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;
const GROUP_DEPTH_MAX = 100;

const FIELD_1_LENGTH = (1 << 3) | LENGTH;
const FIELD_2_LENGTH = (2 << 3) | LENGTH;
const FIELD_1_VARINT = (1 << 3) | VARINT;
const FIELD_2_VARINT = (2 << 3) | VARINT;
const FIELD_3_VARINT = (3 << 3) | VARINT;

/** Up to here a loop over the bytes is faster than a call into native code. */
const SHORT_TEXT_BYTES = 64;

function malformed(what: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `o pedido não é uma mensagem protobuf válida: ${what}`);
}

class Reader {
  position = 0;
  /** Size of the text read last. */
  textBytes = 0;

  constructor(private readonly bytes: Buffer) {}

  get more(): boolean {
    return this.position < this.bytes.length;
  }

  /** A field's number and wire type, as they are on the wire. */
  tag(): number {
    const tag = this.unsigned();
    if (tag >>> 3 === 0) throw malformed('campo de número zero');
    return tag;
  }

  /** A varint of up to ten bytes, cut to 32 bits with sign, as every implementation reads an int32. */
  int32(): number {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift < 32) result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    throw malformed('número com mais de dez bytes');
  }

  /** Text, or `undefined` if it is not UTF-8. */
  text(): string | undefined {
    const size = this.unsigned();
    const start = this.position;
    this.advance(size);
    const end = this.position;
    this.textBytes = size;
    if (size <= SHORT_TEXT_BYTES && this.isAscii(start, end))
      return this.bytes.toString('latin1', start, end);
    return isUtf8(this.bytes.subarray(start, end)) ? this.bytes.toString('utf8', start, end) : undefined;
  }

  /** Passes over the field of which `tag` was just read. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        this.int32();
        return;
      case FIXED64:
        this.advance(8);
        return;
      case LENGTH:
        this.advance(this.unsigned());
        return;
      case GROUP_START:
        this.skipGroup(tag, depth);
        return;
      case FIXED32:
        this.advance(4);
        return;
      default:
        throw malformed('campo de tipo desconhecido');
    }
  }

  private skipGroup(start: number, depth: number): void {
    if (depth >= GROUP_DEPTH_MAX) throw malformed('grupos aninhados demais');
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) !== GROUP_END) this.skip(tag, depth + 1);
      else if (tag >>> 3 === start >>> 3) return;
      else throw malformed('fim de outro grupo');
    }
  }

  /** A varint that must fit 32 bits: a tag or a size. */
  private unsigned(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) break;
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    throw malformed('número grande demais');
  }

  private byte(): number {
    const byte = this.bytes[this.position];
    if (byte === undefined) throw malformed('cortada');
    this.position++;
    return byte;
  }

  private advance(size: number): void {
    if (size > this.bytes.length - this.position) throw malformed('cortada');
    this.position += size;
  }

  private isAscii(start: number, end: number): boolean {
    for (let i = start; i < end; i++) if ((this.bytes[i] ?? 0) >= 0x80) return false;
    return true;
  }
}

/**
 * Decodes `ChaveValor`.
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
 * Decodes `ChaveVersao`.
 * @throws KvsError PEDIDO_INVALIDO, and nothing else
 */
export function decodeKeyVersion(bytes: Buffer): KeyVersionRequest {
  const reader = new Reader(bytes);
  let key: string | undefined = '';
  let keyBytes = 0;
  let version = 0;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === FIELD_1_LENGTH) {
      key = reader.text();
      keyBytes = reader.textBytes;
    } else if (tag === FIELD_2_VARINT) version = reader.int32();
    else reader.skip(tag);
  }
  return { key, keyBytes, version };
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

const EMPTY = Buffer.alloc(0);
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

/** Encodes `Tupla`. `version` is 0 … 2³¹−1. The result may be shared: do not write on it. */
export function encodeTuple(tuple: Tuple): Buffer {
  const keyBytes = Buffer.byteLength(tuple.key, 'utf8');
  const valueBytes = Buffer.byteLength(tuple.value, 'utf8');
  const size =
    textSize(keyBytes) + textSize(valueBytes) + (tuple.version === 0 ? 0 : 1 + varintSize(tuple.version));
  if (size === 0) return EMPTY;
  const bytes = Buffer.allocUnsafe(size);
  let at = writeText(bytes, 0, FIELD_1_LENGTH, tuple.key, keyBytes);
  at = writeText(bytes, at, FIELD_2_LENGTH, tuple.value, valueBytes);
  if (tuple.version !== 0) {
    bytes[at] = FIELD_3_VARINT;
    writeVarint(bytes, at + 1, tuple.version);
  }
  return bytes;
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

function textSize(size: number): number {
  return size === 0 ? 0 : 1 + varintSize(size) + size;
}

/** Writes a varint at `at`; returns the position after it. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  while (value >= 0x80) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

function writeText(bytes: Buffer, at: number, tag: number, text: string, size: number): number {
  if (size === 0) return at;
  bytes[at] = tag;
  const start = writeVarint(bytes, at + 1, size);
  return start + bytes.write(text, start, size, 'utf8');
}
