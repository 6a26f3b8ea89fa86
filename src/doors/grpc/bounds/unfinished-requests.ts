import { status } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import { grpcLimits } from '../limits.js';
import { asItIs, CALL_BYTES, cut, endOnceAnswered, libraryCall } from './library-call.js';
import type { LibraryCall } from './library-call.js';
import { NextTurn } from './next-turn.js';
import type { RefusedCalls } from './refused-calls.js';

/** Overhead of a piece or of a whole message: a request may arrive in a million of them. */
const PIECE_BYTES = 256;

/** The initial HTTP/2 window: a client may send this much on a new call before the server has read any of it. */
const FIRST_WINDOW_BYTES = 65_535;

/** Prefix of each message: a compression flag, and its length in four bytes. */
const HEAD_BYTES = 5;

const COMPRESSED = 'este servidor não aceita pedidos comprimidos (grpc-encoding)';

interface Unfinished {
  readonly stream: ServerHttp2Stream;
  bytes: number;
}

/**
 * Requests that have arrived only in part, on all connections of a server together. The library buffers them, at most 1
 * MiB for each call, before any authentication. Beyond the limit the oldest is cut: an honest client needs only a few
 * milliseconds.
 */
export class UnfinishedRequests {
  /** Oldest first. */
  private readonly unfinished = new Set<Unfinished>();
  /** Calls with a single request. Nearly every one is complete by the next turn, and costs only this check. */
  private readonly arrived = new NextTurn<LibraryCall>((calls) => {
    for (const call of calls) {
      if (!call.stream.readableEnded && !call.stream.closed) this.watchSingle(call);
    }
  });
  private bytes = 0;

  constructor(
    private readonly refused: RefusedCalls,
    private readonly maxBytes: number = grpcLimits.unfinishedBytes,
  ) {}

  /** Bytes that are held now. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** Runs for every call before any of its request is read. */
  readonly interceptor: ServerInterceptor = ({ requestStream }, call) => {
    const known = libraryCall(call);
    // One KiB may decompress to one MiB, thousands at a time, before any limit could apply.
    if (known.incomingEncoding !== 'identity') {
      this.refused.refuse('COMPRIMIDO', call, status.UNIMPLEMENTED, COMPRESSED);
    } else if (requestStream) {
      this.watchStream(known);
    } else {
      this.arrived.add(known);
    }
    return asItIs(call);
  };

  /** A call with a single request, which the library buffers until the client half-closes. */
  private watchSingle({ stream, metadata, decoder, readQueue }: LibraryCall): void {
    const request: Unfinished = { stream, bytes: 0 };
    const hasBegun = decoder.readState !== 0 || decoder.readMessageSize > 0 || readQueue.length > 0;
    // Bytes that have already arrived were not counted, so a full window is assumed.
    let bytes = CALL_BYTES + sizeOf(metadata) + (hasBegun ? FIRST_WINDOW_BYTES : 0);
    // The library rejects a second message, but buffers the thousands that fit into one piece while the call is open.
    const hold = (): void => {
      this.hold(request, bytes + PIECE_BYTES * readQueue.length);
    };
    hold();
    endOnceAnswered(stream);
    stream.on('data', (piece: Buffer) => {
      bytes += PIECE_BYTES + piece.length;
      hold();
    });
    this.forgetAtTheEndOf(request);
  }

  /** A stream of requests, each of which is consumed once it is complete. */
  private watchStream({ stream }: LibraryCall): void {
    const request: Unfinished = { stream, bytes: 0 };
    const messages = new Messages();
    endOnceAnswered(stream);
    stream.on('data', (piece: Buffer) => {
      const { ended } = messages;
      const tail = messages.take(piece);
      if (tail === 0) this.forget(request);
      else this.hold(request, PIECE_BYTES + tail + (messages.ended === ended ? request.bytes : 0));
    });
    this.forgetAtTheEndOf(request);
  }

  private forgetAtTheEndOf(request: Unfinished): void {
    const forget = (): void => {
      this.forget(request);
    };
    request.stream.once('end', forget);
    request.stream.once('close', forget);
  }

  private hold(request: Unfinished, bytes: number): void {
    if (request.stream.closed) return;
    this.bytes += bytes - request.bytes;
    request.bytes = bytes;
    this.unfinished.add(request);
    for (const oldest of this.unfinished) {
      if (this.bytes <= this.maxBytes) return;
      this.forget(oldest);
      this.refused.add('INACABADO', oldest.stream);
      cut(oldest.stream, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
  }

  private forget(request: Unfinished): void {
    if (!this.unfinished.delete(request)) return;
    this.bytes -= request.bytes;
    request.bytes = 0;
  }
}

/** Counts overhead for each value, since the library makes an object of each. */
function sizeOf(metadata: Metadata): number {
  let bytes = 0;
  for (const values of Object.values(metadata.toJSON())) {
    for (const value of values) bytes += PIECE_BYTES + value.length;
  }
  return bytes;
}

/** Finds the message boundaries in the pieces of one call. */
class Messages {
  /** Complete messages so far. */
  ended = 0;
  private headBytes = 0;
  private remaining = 0;

  /** @returns bytes of this piece that belong to an incomplete message */
  take(piece: Buffer): number {
    let at = 0;
    let tailFrom = 0;
    while (at < piece.length) {
      if (this.headBytes < HEAD_BYTES) {
        const byte = piece[at++] as number;
        // The first byte is the compression flag.
        if (this.headBytes++ > 0) this.remaining = this.remaining * 256 + byte;
        if (this.headBytes < HEAD_BYTES) continue;
      }
      const step = Math.min(this.remaining, piece.length - at);
      at += step;
      this.remaining -= step;
      if (this.remaining > 0) break;
      this.ended++;
      this.headBytes = 0;
      tailFrom = at;
    }
    return piece.length - tailFrom;
  }
}
