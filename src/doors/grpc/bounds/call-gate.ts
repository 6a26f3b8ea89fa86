import { constants } from 'node:http2';
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import type { Connections } from './connections.js';
import { cut, endOnceAnswered } from './library-call.js';
import { grpcLimits } from '../limits.js';
import type { RefusedCalls } from './refused-calls.js';

/** What HTTP/2 counts for each header beside its name and its value. */
const HEADER_BYTES = 32;

const TOO_LARGE = `os metadados da chamada passam de ${grpcLimits.metadataBytes} bytes`;
const TOO_MANY = `os metadados da chamada passam de ${grpcLimits.metadataFields} campos ou ${grpcLimits.metadataPieces} valores`;

/** The library has no public way to these; a test sees whether they are still there. */
interface LibraryServer {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
  readonly commonServerOptions: { maxHeaderListPairs?: number };
}

/** As Node calls them: `raw` has names and values in turn, as they came. */
type OnHeaders = [headers: IncomingHttpHeaders, flags: number, raw: readonly string[]];
type OnStream = (stream: ServerHttp2Stream, ...rest: OnHeaders) => void;

/**
 * Stands before the gRPC library, and refuses calls by their headers. A client says them in a few bytes, since HTTP/2 lets
 * it name what it has said before, and what HTTP/2 bounds by itself holds only for clients that have agreed to it; the
 * library makes an object of each value, with the commas in one of them for bounds, before anybody is asked who he is.
 * A connection whose calls are refused again and again is asked to go.
 */
export class CallGate {
  constructor(
    private readonly refused: RefusedCalls,
    /** Hear of every call that passes. */
    private readonly connections: Connections,
  ) {}

  /** Bounds what connections of this server may say. Called before the library has what connections go to. */
  prepare(server: Server): void {
    (server as unknown as LibraryServer).commonServerOptions.maxHeaderListPairs = grpcLimits.headerPairs;
  }

  /** Takes the place of the library, and hands it what passes. Called once it has what connections go to. */
  guard(server: Server): void {
    const { refused } = this;
    /** No client of gRPC says anything after its requests, which would cost as much again. One function for all calls. */
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

/** What is too much of them; Portuguese. */
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
