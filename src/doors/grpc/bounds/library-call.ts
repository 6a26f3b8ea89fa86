import type { Metadata, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';

/** Memory that the library and Node hold for a call, besides its metadata and messages; measured. */
export const CALL_BYTES = 12 * 1024;

/** Time that an answered client has to end its side of the call itself. */
const ANSWERED_MS = 100;

/** A call as an interceptor receives it. */
export type InterceptedCall = Parameters<ServerInterceptor>[1];

/** Internals of the library's call without a public API; tests check that they are still there. */
export interface LibraryCall {
  readonly stream: ServerHttp2Stream;
  readonly metadata: Metadata;
  readonly incomingEncoding: string;
  /** `readState` 0: between two messages. */
  readonly decoder: { readonly readState: number; readonly readMessageSize: number };
  /** Complete messages that were not taken yet. */
  readonly readQueue: readonly unknown[];
}

export function libraryCall(call: InterceptedCall): LibraryCall {
  return call as unknown as LibraryCall;
}

/** Returned by interceptors that only observe: the library's own call has all the methods that it needs. */
export function asItIs(call: InterceptedCall): ServerInterceptingCall {
  return call as unknown as ServerInterceptingCall;
}

/** Ends a call now, with an HTTP/2 error code; clients see ENHANCE_YOUR_CALM as RESOURCE_EXHAUSTED. */
export function cut(stream: ServerHttp2Stream, code: number): void {
  stream.close(code);
  // Unread data would keep the stream alive.
  stream.resume();
}

/**
 * Ends a call once its client has the status, even if the client has not ended its side. Otherwise the library would
 * keep the call, refused or not, for as long as the client likes. RFC 9113, 8.1 lets a server do so.
 */
export function endOnceAnswered(stream: ServerHttp2Stream): void {
  const end = (): void => {
    if (stream.readableEnded || stream.closed) return;
    setTimeout(() => {
      // A reset before the status was sent would replace it.
      if (stream.closed || stream.state.localClose !== 1) end();
      else if (!stream.readableEnded) cut(stream, constants.NGHTTP2_NO_ERROR);
    }, ANSWERED_MS).unref();
  };
  stream.once('wantTrailers', end);
  stream.once('finish', () => {
    // A stream whose connection breaks finishes without headers. Without trailers, the status is in the headers.
    if (stream.headersSent && stream.sentHeaders['grpc-status'] !== undefined) end();
  });
}
