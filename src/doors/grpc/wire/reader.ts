/**
 * Reads protobuf by hand. Text is checked on the raw bytes: the usual decoder replaces invalid UTF-8, which would turn
 * different invalid keys into one. Unknown fields, repeated fields (the last wins) and fields of another wire type
 * (treated as unknown) follow https://protobuf.dev/programming-guides/encoding.
 */
import { isUtf8 } from 'node:buffer';
import { KvsError } from '../../../core/errors.js';
import { FIXED32, FIXED64, GROUP_END, GROUP_START, LENGTH, VARINT } from './tags.js';

const GROUP_DEPTH_MAX = 100;

/** Up to this size a loop over the bytes is faster than a native call. */
const SHORT_TEXT_BYTES = 64;

function malformed(what: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `o pedido não é uma mensagem protobuf válida: ${what}`);
}

/** Reads one message. Its methods throw only KvsError PEDIDO_INVALIDO, for bytes that are not protobuf. */
export class Reader {
  /** Byte size of the text read last. */
  textBytes = 0;

  /** @param end position after the last byte of the message */
  constructor(
    private readonly bytes: Buffer,
    public position = 0,
    private readonly end = bytes.length,
  ) {}

  get more(): boolean {
    return this.position < this.end;
  }

  /** A field's number and wire type, still combined. */
  tag(): number {
    const tag = this.unsigned();
    if (tag >>> 3 === 0) throw malformed('campo de número zero');
    return tag;
  }

  /** A varint of up to ten bytes, truncated to a signed 32-bit number, as every implementation reads an int32. */
  int32(): number {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift < 32) result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    throw malformed('número com mais de dez bytes');
  }

  /**
   * A varint of up to ten bytes as an int64, clamped to what a number holds: negative numbers become −1, anything
   * beyond 2⁵³−1 becomes 2⁵³−1.
   */
  int64(): number {
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i < 8) middle |= bits << (7 * (i - 4));
      else high |= bits << (7 * (i - 8));
      if (byte >= 0x80) continue;
      // The tenth byte carries one bit, the sign.
      if ((high & 0x80) !== 0) return -1;
      return Math.min((high & 0x7f) * 2 ** 56 + middle * 2 ** 28 + low, Number.MAX_SAFE_INTEGER);
    }
    throw malformed('número com mais de dez bytes');
  }

  /** A varint of up to ten bytes as a sint64, clamped to what a number holds. */
  sint64(): number {
    const zigzag = this.int64();
    if (zigzag < 0) return Number.MAX_SAFE_INTEGER;
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** A varint of up to ten bytes, truncated to an unsigned 32-bit number. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A varint of up to ten bytes: true unless it is 0. */
  bool(): boolean {
    let bits = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      bits |= byte & 0x7f;
      if (byte < 0x80) return bits !== 0;
    }
    throw malformed('número com mais de dez bytes');
  }

  /** A nested message. */
  message(): Reader {
    const size = this.unsigned();
    const start = this.position;
    this.advance(size);
    return new Reader(this.bytes, start, this.position);
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

  /** Skips the field whose `tag` was just read. */
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
    if (this.position >= this.end) throw malformed('cortada');
    return this.bytes[this.position++] ?? 0;
  }

  private advance(size: number): void {
    if (size > this.end - this.position) throw malformed('cortada');
    this.position += size;
  }

  private isAscii(start: number, end: number): boolean {
    for (let i = start; i < end; i++) if ((this.bytes[i] ?? 0) >= 0x80) return false;
    return true;
  }
}
