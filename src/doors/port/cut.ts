import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { PortStream } from './port-stream.js';

/** Time that an answered client has to end its side of a stream itself. */
const ANSWERED_MS = 100;

/** Ends a stream now, with an HTTP/2 error code; clients of gRPC see ENHANCE_YOUR_CALM as RESOURCE_EXHAUSTED. */
export function cut(stream: PortStream, code: number): void {
  stream.close(code);
  // Unread data would keep the stream alive.
  stream.resume();
}

/**
 * Ends a stream once its client has the whole answer, even if the client has not ended its side. Otherwise it would
 * stay for as long as the client likes. RFC 9113, 8.1 lets a server do so.
 */
export function endOnceAnswered(stream: ServerHttp2Stream): void {
  const end = (): void => {
    // Reset by its client; Node may wait for the rest of the request.
    if (stream.closed) stream.destroy();
    if (stream.readableEnded || stream.closed) return;
    setTimeout(() => {
      // A reset before the answer was sent would replace it.
      if (stream.closed || stream.state.localClose !== 1) end();
      else if (!stream.readableEnded) cut(stream, constants.NGHTTP2_NO_ERROR);
    }, ANSWERED_MS).unref();
  };
  stream.once('finish', end);
}
