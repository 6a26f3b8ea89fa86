import { constants } from 'node:http2';
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import type { Connections } from './connections.js';
import { cut, endOnceAnswered } from './library-call.js';
import { grpcLimits } from '../limits.js';
import type { RefusedCalls } from './refused-calls.js';

/** HTTP/2 counts this for each header, in addition to its name and its value. */
const HEADER_BYTES = 32;

const TOO_LARGE = `os metadados da chamada passam de ${grpcLimits.metadataBytes} bytes`;
const TOO_MANY = `os metadados da chamada passam de ${grpcLimits.metadataFields} campos ou ${grpcLimits.metadataPieces} valores`;

/** Internals of the library without a public API; a test checks that they are still there. */
interface LibraryServer {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
  readonly commonServerOptions: { maxHeaderListPairs?: number };
}

/** Arguments of Node's listeners; `raw` has names and values in turn, as received. */
type OnHeaders = [headers: IncomingHttpHeaders, flags: number, raw: readonly string[]];
type OnStream = (stream: ServerHttp2Stream, ...rest: OnHeaders) => void;

/**
 * Refuses calls by their headers before the gRPC library sees them. Header compression lets a client repeat headers in
 * a few bytes, and HTTP/2's own limit binds only clients that have acknowledged it. The library makes an object of each
 * value, split at commas for binary ones, before any authentication. A connection whose calls are refused again and
 * again is asked to go.
 */
export class CallGate {
  constructor(
    private readonly refused: RefusedCalls,
    /** Told of every call that passes. */
    private readonly connections: Connections,
  ) {}

  /** Limits the headers of a connection. Called before the library has created its HTTP/2 server. */
  prepare(server: Server): void {
    (server as unknown as LibraryServer).commonServerOptions.maxHeaderListPairs = grpcLimits.headerPairs;
  }

  /** Listens in the library's place, and passes on accepted calls. Called once it has created its HTTP/2 server. */
  guard(server: Server): void {
    const { refused } = this;
    /** gRPC clients send no trailers, which would cost as much again. One function for all calls. */
    const onTrailers = function (this: ServerHttp2Stream, ...[, , raw]: OnHeaders): void {
      if (problemOf(raw) === undefined) return;
      refused.add('METADADOS', this);
      cut(this, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    };
    for (const http2Server of (server as unknown as LibraryServer).http2Servers.keys()) {
      this.connections.follow(http2Server);
      const library = http2Server.listeners('stream') as OnStream[];
      http2Server.removeAllListeners('stream');
      const onStream: OnStream = (stream, headers, flags, raw) => {
        const { session } = stream;
        if (session === undefined) return;
        const problem = problemOf(raw);
        if (problem !== undefined) {
          this.refuse(stream, problem);
          return;
        }
        stream.on('trailers', onTrailers);
        this.connections.onCall(session, stream, headers[':path'] ?? '');
        for (const listener of library) listener(stream, headers, flags, raw);
      };
      http2Server.on('stream', onStream);
    }
  }

  private refuse(stream: ServerHttp2Stream, problem: string): void {
    stream.on('error', () => undefined);
    endOnceAnswered(stream);
    stream.resume();
    stream.respond(
      {
        ':status': constants.HTTP_STATUS_OK,
        'content-type': 'application/grpc+proto',
        'grpc-status': status.RESOURCE_EXHAUSTED,
        'grpc-message': problem,
      },
      { endStream: true },
    );
    this.refused.add('METADADOS', stream);
  }
}

/** Which limit the headers exceed, in Portuguese; `undefined` if none. */
function problemOf(raw: readonly string[]): string | undefined {
  const fields = raw.length / 2;
  if (fields > grpcLimits.metadataFields) return TOO_MANY;
  let bytes = HEADER_BYTES * fields;
  for (const text of raw) bytes += text.length;
  if (bytes > grpcLimits.metadataBytes) return TOO_LARGE;
  let pieces = fields;
  for (let n = 0; n < raw.length; n += 2) {
    if (raw[n]?.endsWith('-bin') === true) pieces += commasIn(raw[n + 1] ?? '');
  }
  return pieces > grpcLimits.metadataPieces ? TOO_MANY : undefined;
}

function commasIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf(','); at >= 0; at = text.indexOf(',', at + 1)) count++;
  return count;
}
