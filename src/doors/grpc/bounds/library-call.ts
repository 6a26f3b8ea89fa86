import type { Metadata, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';

/** What the library and Node hold for a call, beside its metadata and messages; measured. */
export const CALL_BYTES = 12 * 1024;

/** A client that was answered gets so long to end its side of the call itself. */
const ANSWERED_MS = 100;

/** A call as an interceptor gets it. */
export type InterceptedCall = Parameters<ServerInterceptor>[1];

/** What the library keeps of a call and has no public way to; tests see whether it is still there. */
export interface LibraryCall {
  readonly stream: ServerHttp2Stream;
  readonly metadata: Metadata;
  readonly incomingEncoding: string;
  /** State 0: between two messages. */
  readonly decoder: { readonly readState: number; readonly readMessageSize: number };
  /** Messages that have come in whole and were not asked for yet. */
  readonly readQueue: readonly unknown[];
}

export function libraryCall(call: InterceptedCall): LibraryCall {
  return call as unknown as LibraryCall;
}

/** What an interceptor returns that has only looked: the library's own call has all that it asks of one. */
export function asItIs(call: InterceptedCall): ServerInterceptingCall {
  return call as unknown as ServerInterceptingCall;
}

/** Ends a call now, with a code of HTTP/2: ENHANCE_YOUR_CALM is RESOURCE_EXHAUSTED to clients. */
export function cut(stream: ServerHttp2Stream, code: number): void {
  stream.close(code);
  // What has come and was not read would keep it here.
  stream.resume();
}

/**
 * Ends a call when its client has had the status, whether or not the client has said all that it wants to: the library
 * would keep it, refused or not, for as long as the client likes. That is how HTTP/2 lets a server do so (RFC 9113, 8.1).
 */
export function endOnceAnswered(stream: ServerHttp2Stream): void {
  const end = (): void => {
    if (stream.readableEnded || stream.closed) return;
    setTimeout(() => {
      // Before the status is on its way its end would take the place of it.
      if (stream.closed || stream.state.localClose !== 1) end();
      else if (!stream.readableEnded) cut(stream, constants.NGHTTP2_NO_ERROR);
    }, ANSWERED_MS).unref();
  };
  stream.once('wantTrailers', end);
  stream.once('finish', () => {
    // A stream whose connection breaks finishes without a head. With no trailers to come the status is in it.
    if (stream.headersSent && stream.sentHeaders['grpc-status'] !== undefined) end();
  });
}
