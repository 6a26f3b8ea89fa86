/**
 * Messages in the byte stream of a call: each has a prefix of a compression flag (1 byte) and its length (4 bytes, big
 * endian). Source: "gRPC over HTTP2", Length-Prefixed-Message. Pure.
 */
import { status } from './status.js';
import type { StatusCode } from './status.js';

const PREFIX_BYTES = 5;
const FIRST_BUFFER_BYTES = 1024;

/** The stream breaks a rule of the protocol, and nothing further in it can be read. */
export interface FramingFault {
  readonly code: StatusCode;
  readonly details: string;
}

/** A message with its prefix. */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  writeFrame(bytes, 0, message);
  return bytes;
}

/** Several messages, each with its prefix. @param size bytes of the messages and their prefixes */
export function frames(messages: readonly Uint8Array[], size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const message of messages) at = writeFrame(bytes, at, message);
  return bytes;
}

/** Bytes of a message with its prefix. */
export const frameBytes = (message: Uint8Array): number => PREFIX_BYTES + message.length;

function writeFrame(bytes: Buffer, at: number, message: Uint8Array): number {
  bytes[at] = 0;
  bytes.writeUInt32BE(message.length, at + 1);
  bytes.set(message, at + PREFIX_BYTES);
  return at + PREFIX_BYTES + message.length;
}

/**
 * Finds the messages in the pieces of one call. They are taken one by one, so that a reader may pause within a piece.
 * An incomplete message is kept in one buffer that grows with what has come, whatever its prefix announces.
 */
export class MessageReader {
  #piece: Buffer | undefined;
  #at = 0;
  /** An incomplete message with its prefix. */
  #partial: Buffer | undefined;
  #partialBytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes kept of what is not taken yet. */
  get heldBytes(): number {
    return (this.#partial?.length ?? 0) + (this.#piece === undefined ? 0 : this.#piece.length - this.#at);
  }

  /** Whether part of a message is held. */
  get isBetweenMessages(): boolean {
    return this.#partial === undefined && this.#piece === undefined;
  }

  /** Adds a piece, whose bytes must not change any more. All messages of the one before must have been taken. */
  add(piece: Buffer): void {
    this.#piece = piece;
    this.#at = 0;
  }

  /**
   * Takes the next message.
   * @returns `undefined` if none is complete; a fault if the bytes are not messages: nothing more can be taken then
   */
  next(): Buffer | FramingFault | undefined {
    const piece = this.#piece;
    if (piece === undefined) return undefined;
    if (this.#partial !== undefined) return this.#nextOfPartial(piece, this.#partial);
    const at = this.#at;
    if (piece.length - at >= PREFIX_BYTES) {
      const length = piece.readUInt32BE(at + 1);
      const fault = this.#faultOf(piece[at], length);
      if (fault !== undefined) return fault;
      const end = at + PREFIX_BYTES + length;
      if (end <= piece.length) {
        this.#advance(piece, end);
        return piece.subarray(at + PREFIX_BYTES, end);
      }
    }
    this.#keep(piece.subarray(at));
    this.#advance(piece, piece.length);
    return undefined;
  }

  #nextOfPartial(piece: Buffer, partial: Buffer): Buffer | FramingFault | undefined {
    if (this.#partialBytes < PREFIX_BYTES) {
      this.#take(piece, PREFIX_BYTES);
      if (this.#partialBytes < PREFIX_BYTES) return undefined;
    }
    const length = partial.readUInt32BE(1);
    const fault = this.#faultOf(partial[0], length);
    if (fault !== undefined) return fault;
    const whole = PREFIX_BYTES + length;
    this.#take(piece, whole);
    if (this.#partialBytes < whole) return undefined;
    const message = (this.#partial ?? partial).subarray(PREFIX_BYTES, whole);
    this.#partial = undefined;
    this.#partialBytes = 0;
    return message;
  }

  /** Moves bytes from the piece until the partial message has `wanted` of them. */
  #take(piece: Buffer, wanted: number): void {
    const end = Math.min(piece.length, this.#at + wanted - this.#partialBytes);
    this.#keep(piece.subarray(this.#at, end));
    this.#advance(piece, end);
  }

  #keep(bytes: Buffer): void {
    const needed = this.#partialBytes + bytes.length;
    let partial = this.#partial;
    if (partial === undefined || partial.length < needed) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(needed, 2 * (partial?.length ?? FIRST_BUFFER_BYTES / 2)),
      );
      partial?.copy(larger, 0, 0, this.#partialBytes);
      this.#partial = partial = larger;
    }
    bytes.copy(partial, this.#partialBytes);
    this.#partialBytes = needed;
  }

  #advance(piece: Buffer, at: number): void {
    this.#at = at;
    if (at === piece.length) this.#piece = undefined;
  }

  #faultOf(flag: number | undefined, length: number): FramingFault | undefined {
    if (flag !== 0) {
      return {
        code: status.INTERNAL,
        details: 'mensagem comprimida sem grpc-encoding, ou que não é de gRPC',
      };
    }
    if (length <= this.maxBytes) return undefined;
    const details = `a mensagem tem ${String(length)} bytes; este servidor aceita até ${String(this.maxBytes)}`;
    return { code: status.RESOURCE_EXHAUSTED, details };
  }
}
