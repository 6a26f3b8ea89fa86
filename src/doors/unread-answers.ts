import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { limits } from '../core/limits.js';
import type { Time } from '../ports/time.js';
import type { RefusedCalls } from './refused-calls.js';

/** What a call costs beside its answer. */
const CALL_BYTES = 12 * 1024;

/** How often those whose answers are on their way are looked at. */
const LOOK_MS = 100;

/** The library has no public way to the stream of a call; a test sees whether this one is still there. */
interface LibraryCall {
  readonly stream: ServerHttp2Stream;
}

/**
 * Answers that their clients do not take, on all connections of a server together. HTTP/2 lets a client say how much it
 * takes, nothing too, and call on: the library keeps what it has not taken. Beyond the limit the one that has waited
 * longest gives way.
 */
export class UnreadAnswers {
  /** Calls that began in this turn of the event loop. */
  private arrived: ServerHttp2Stream[] = [];
  /** Calls that are not answered, or whose answer was not taken yet; those of which something waits behind the others. */
  private readonly waiting = new Set<ServerHttp2Stream>();
  private readonly unread = new Set<ServerHttp2Stream>();
  private isLooking = false;

  constructor(
    private readonly time: Time,
    private readonly refused: RefusedCalls,
    private readonly maxBytes: number = limits.grpcUnreadBytes,
  ) {}

  /** Calls that are looked at. */
  get size(): number {
    return this.waiting.size + this.unread.size;
  }

  readonly interceptor: ServerInterceptor = (_method, call) => {
    if (this.arrived.push((call as unknown as LibraryCall).stream) === 1) {
      setImmediate(() => {
        this.keepThoseThatGoOn();
      });
    }
    // Nothing to intercept: the library's own call has all that it asks of one.
    return call as unknown as ServerInterceptingCall;
  };

  /** Nearly every call of one request is answered by now, and costs no more than this look. */
  private keepThoseThatGoOn(): void {
    const { arrived } = this;
    this.arrived = [];
    for (const stream of arrived) {
      if (!isOpen(stream)) continue;
      this.waiting.add(stream);
      stream.once('close', () => {
        this.forget(stream);
      });
    }
    this.lookLater();
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
    // One that its client has closed says so in the end, or never if what it sent is not read.
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
      // To clients this is RESOURCE_EXHAUSTED. What has come and was not read would keep it here.
      oldest.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      oldest.resume();
    }
  }
}

function isOpen(stream: ServerHttp2Stream): boolean {
  return !stream.closed && !stream.destroyed && !stream.writableFinished;
}

function sizeOf(stream: ServerHttp2Stream): number {
  return CALL_BYTES + stream.writableLength;
}
