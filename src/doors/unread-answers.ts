import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { limits } from '../core/limits.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';

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
  private cutCalls = 0;
  private loggedAtMs = -Infinity;

  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
    private readonly maxBytes: number = limits.grpcUnreadBytes,
  ) {}

  /** Calls that had to give way. */
  get cut(): number {
    return this.cutCalls;
  }

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
    for (const stream of arrived) if (isOpen(stream)) this.waiting.add(stream);
    this.lookLater();
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
    for (const stream of this.unread) {
      if (!isOpen(stream)) this.unread.delete(stream);
      else if (stream.writableLength > 0) bytes += sizeOf(stream);
      else {
        this.unread.delete(stream);
        this.waiting.add(stream);
      }
    }
    for (const stream of this.waiting) {
      if (isOpen(stream) && stream.writableLength === 0) continue;
      this.waiting.delete(stream);
      if (!isOpen(stream)) continue;
      this.unread.add(stream);
      bytes += sizeOf(stream);
    }
    for (const oldest of this.unread) {
      if (bytes <= this.maxBytes) return;
      bytes -= sizeOf(oldest);
      this.unread.delete(oldest);
      this.cutCalls++;
      this.tell(oldest);
      // To clients this is RESOURCE_EXHAUSTED. What has come and was not read would keep it here.
      oldest.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      oldest.resume();
    }
  }

  private tell(stream: ServerHttp2Stream): void {
    const nowMs = this.time.monotonicMs();
    if (nowMs - this.loggedAtMs < limits.burstLogMs) return;
    this.loggedAtMs = nowMs;
    const from = stream.session?.socket.remoteAddress ?? 'desconhecido';
    this.logger.warn(
      { ate: this.cutCalls, de: from },
      'respostas que ninguém lê ocupam memória demais: as que esperam há mais tempo foram cortadas',
    );
  }
}

function isOpen(stream: ServerHttp2Stream): boolean {
  return !stream.closed && !stream.destroyed && !stream.writableFinished;
}

function sizeOf(stream: ServerHttp2Stream): number {
  return CALL_BYTES + stream.writableLength;
}
