import { constants } from 'node:http2';
import type { Time } from '../../ports/time.js';
import { cut } from './cut.js';
import { CALL_BYTES } from './limits.js';
import { NextTurn } from './next-turn.js';
import type { PortStream } from './port-stream.js';
import type { RefusedCalls } from './refused-calls.js';

/** How often open calls are checked. */
const LOOK_MS = 100;

/** A request and its answer. */
export interface TrackedCall {
  readonly stream: PortStream;
  /** Called once, when the turn of the event loop in which it began is over. */
  onTurnEnd(): void;
  /** Ends it, since the server stops; absent: it ends soon by itself. */
  readonly leave?: (() => void) | undefined;
}

/**
 * Calls that last longer than a turn of the event loop, on all connections of a server together.
 *
 * The number of streams is bounded: a further one is refused. The bytes of unread answers are bounded too: HTTP/2 lets
 * a client set its window, even to nothing, and go on calling, while the answers are buffered. Beyond the limit the
 * call that has waited longest is cut.
 */
export class OpenCalls {
  /** Nearly every unary call is answered by the next turn, and costs only this check. */
  private readonly arrived = new NextTurn<TrackedCall>((calls) => {
    for (const call of calls) {
      call.onTurnEnd();
      if (isOpen(call)) this.keep(call);
      else release(call);
    }
    this.lookLater();
  });
  /** Calls without buffered answers; `unread` has those whose client has not read all of its answers. */
  private readonly waiting = new Set<TrackedCall>();
  private readonly unread = new Set<TrackedCall>();
  private isLooking = false;
  private isLeaving = false;

  constructor(
    private readonly time: Time,
    private readonly refused: RefusedCalls,
    private readonly maxBytes: number,
    private readonly maxStreams: number,
  ) {}

  /** Calls that are tracked. */
  get size(): number {
    return this.waiting.size + this.unread.size;
  }

  /** Whether there is no room for a call that stays open. */
  get isFull(): boolean {
    return this.size >= this.maxStreams;
  }

  /** Told of every call that begins. */
  add(call: TrackedCall): void {
    this.arrived.add(call);
  }

  /** Ends the calls that clients may hold open for ever, and later ones as they come. */
  leaveAll(): void {
    this.isLeaving = true;
    for (const calls of [this.waiting, this.unread]) for (const call of calls) call.leave?.();
  }

  private keep(call: TrackedCall): void {
    this.waiting.add(call);
    call.stream.once('close', () => {
      if (!this.waiting.delete(call)) this.unread.delete(call);
    });
    if (this.isLeaving) call.leave?.();
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
    for (const calls of [this.unread, this.waiting]) {
      for (const call of calls) {
        if (!call.stream.closed) continue;
        calls.delete(call);
        release(call);
      }
    }
    for (const call of this.unread) {
      if (call.stream.writableLength > 0) bytes += sizeOf(call);
      else {
        this.unread.delete(call);
        this.waiting.add(call);
      }
    }
    for (const call of this.waiting) {
      if (call.stream.writableLength === 0) continue;
      this.waiting.delete(call);
      this.unread.add(call);
      bytes += sizeOf(call);
    }
    for (const oldest of this.unread) {
      if (bytes <= this.maxBytes) return;
      bytes -= sizeOf(oldest);
      this.unread.delete(oldest);
      this.refused.add('NAO_LIDO', oldest.stream);
      cut(oldest.stream, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
  }
}

function isOpen({ stream }: TrackedCall): boolean {
  return !stream.closed && !stream.destroyed && !stream.writableFinished;
}

/**
 * Lets go of a stream that its client has reset. With the code NO_ERROR, Node may keep it, with its session, until all of
 * its answer is written and all of its request is read, neither of which anybody will do.
 */
function release({ stream }: TrackedCall): void {
  if (stream.closed) stream.destroy();
}

function sizeOf({ stream }: TrackedCall): number {
  return CALL_BYTES + stream.writableLength + stream.readableLength;
}
