import { constants } from 'node:http2';
import { cut } from './cut.js';
import type { PortStream } from './port-stream.js';
import type { RefusedCalls } from './refused-calls.js';

/**
 * Requests that have arrived only in part, on all connections of a server together. They are held in memory before any
 * authentication. Beyond the limit the oldest is cut: an honest client needs only a few milliseconds.
 */
export class UnfinishedRequests {
  /** Bytes of each, oldest first. */
  private readonly unfinished = new Map<PortStream, number>();
  private bytes = 0;

  constructor(
    private readonly refused: RefusedCalls,
    private readonly maxBytes: number,
  ) {}

  /** Bytes that are held now. */
  get heldBytes(): number {
    return this.bytes;
  }

  /** @param bytes that are now held for the request of a stream; 0: none any more */
  readonly hold = (stream: PortStream, bytes: number): void => {
    this.bytes += bytes - (this.unfinished.get(stream) ?? 0);
    if (bytes === 0) {
      this.unfinished.delete(stream);
      return;
    }
    this.unfinished.set(stream, bytes);
    for (const [oldest, held] of this.unfinished) {
      if (this.bytes <= this.maxBytes) return;
      this.unfinished.delete(oldest);
      this.bytes -= held;
      this.refused.add('INACABADO', oldest);
      cut(oldest, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
  };
}
