import type { Http2Session } from 'node:http2';

/**
 * A request and its answer, as far as the bounds of a port need it: a stream of HTTP/2, or what stands for one on a
 * connection of HTTP/1.1.
 */
export interface PortStream {
  readonly closed: boolean;
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  /** Bytes of the answer that its client has not taken. */
  readonly writableLength: number;
  readonly readableLength: number;
  /** Absent on HTTP/1.1. */
  readonly session?: Http2Session | undefined;
  /** Address of the client, where there is no session. */
  readonly remoteAddress?: string | undefined;
  /** Ends it at once. @param code of HTTP/2 */
  close(code: number): void;
  destroy(): unknown;
  /** Drops what comes of the request. */
  resume(): unknown;
  once(event: 'close', listener: () => void): unknown;
}
