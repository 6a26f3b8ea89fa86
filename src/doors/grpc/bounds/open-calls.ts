import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { grpcLimits } from '../limits.js';
import type { Time } from '../../../ports/time.js';
import { asItIs, CALL_BYTES, cut, libraryCall } from './library-call.js';
import { NextTurn } from './next-turn.js';
import type { RefusedCalls } from './refused-calls.js';

/** How often open calls are checked. */
const LOOK_MS = 100;

const TOO_MANY = 'fluxos demais abertos neste servidor: tente outro, ou este daqui a pouco';

/**
 * Calls that last longer than a turn of the event loop, on all connections of a server together.
 *
 * The number of streams is bounded: a further one is refused. The bytes of unread answers are bounded too: HTTP/2 lets
 * a client set its window, even to nothing, and go on calling, while the library buffers the answers. Beyond the limit
 * the call that has waited longest is cut.
 */
export class OpenCalls {
  /** Nearly every unary call is answered by the next turn, and costs only this check. */
  private readonly arrived = new NextTurn<ServerHttp2Stream>((streams) => {
    for (const stream of streams) if (isOpen(stream)) this.keep(stream);
    this.lookLater();
  });
  /** Calls without buffered answers; `unread` has those whose client has not read all of its answers. */
  private readonly waiting = new Set<ServerHttp2Stream>();
  private readonly unread = new Set<ServerHttp2Stream>();
  private isLooking = false;

  constructor(
    private readonly time: Time,
    private readonly refused: RefusedCalls,
    private readonly maxBytes: number = grpcLimits.unreadBytes,
    private readonly maxStreams: number = grpcLimits.streams,
  ) {}

  /** Calls that are tracked. */
  get size(): number {
    return this.waiting.size + this.unread.size;
  }

  readonly interceptor: ServerInterceptor = ({ requestStream, responseStream }, call) => {
    // Unary calls end by themselves.
    if ((requestStream || responseStream) && this.size >= this.maxStreams) {
      this.refused.refuse('FLUXOS', call, status.RESOURCE_EXHAUSTED, TOO_MANY);
    } else {
      this.arrived.add(libraryCall(call).stream);
    }
    return asItIs(call);
  };

  private keep(stream: ServerHttp2Stream): void {
    this.waiting.add(stream);
    stream.once('close', () => {
      this.forget(stream);
    });
  }

  private forget(stream: ServerHttp2Stream): void {
    if (!this.waiting.delete(stream)) this.unread.delete(stream);
  }

  private lookLater(): void {
    if (this.isLooking || this.size === 0) return;
    this.isLooking = true;
    this.time.after(LOOK_MS, () => {
      this.isLooking = false;
      this.look();
      this.lookLater();
    });
  }

  private look(): void {
    let bytes = 0;
    // A stream that its client has closed emits `close` late, or never if its requests are not read.
    for (const streams of [this.unread, this.waiting]) {
      for (const stream of streams) if (stream.closed) streams.delete(stream);
    }
    for (const stream of this.unread) {
      if (stream.writableLength > 0) bytes += sizeOf(stream);
      else {
        this.unread.delete(stream);
        this.waiting.add(stream);
      }
    }
    for (const stream of this.waiting) {
      if (stream.writableLength === 0) continue;
      this.waiting.delete(stream);
      this.unread.add(stream);
      bytes += sizeOf(stream);
    }
    for (const oldest of this.unread) {
      if (bytes <= this.maxBytes) return;
      bytes -= sizeOf(oldest);
      this.unread.delete(oldest);
      this.refused.add('NAO_LIDO', oldest);
      cut(oldest, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
  }
}

function isOpen(stream: ServerHttp2Stream): boolean {
  return !stream.closed && !stream.destroyed && !stream.writableFinished;
}

function sizeOf(stream: ServerHttp2Stream): number {
  return CALL_BYTES + stream.writableLength;
}
