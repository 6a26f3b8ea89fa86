import { status } from '@grpc/grpc-js';
import type { Server, ServerInterceptor } from '@grpc/grpc-js';
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { limits } from '../core/limits.js';
import { asItIs, libraryCall } from './library-call.js';
import type { RefusedCalls } from './refused-calls.js';

/** What HTTP/2 counts for each header beside its name and its value. */
const HEADER_BYTES = 32;

const TOO_LARGE = `os metadados da chamada passam de ${limits.grpcMetadataBytes} bytes`;

/** The library has no public way to it; a test sees whether it is still there. */
interface LibraryServer {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
}

/** As Node calls it. */
type OnStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  raw: readonly string[],
) => void;

/**
 * Bounds the metadata of a call. A client says them in a few bytes, since HTTP/2 lets it name what it has said before; the
 * library makes an object of each value, with the commas in one of them for bounds, before anybody is asked who he is:
 * 60 KiB become 8 MiB. What HTTP/2 itself bounds holds only for clients that have agreed to it.
 */
export class MetadataBound {
  private readonly tooLarge = new WeakSet<ServerHttp2Stream>();

  constructor(private readonly refused: RefusedCalls) {}

  /** Takes from calls what is too much before the library sees it. Called once the library has what connections go to. */
  watch(server: Server): void {
    for (const http2Server of (server as unknown as LibraryServer).http2Servers.keys()) {
      const onStream: OnStream = (stream, headers, _flags, raw) => {
        if (sizeOf(raw) <= limits.grpcMetadataBytes) return;
        this.tooLarge.add(stream);
        for (const name of Object.keys(headers)) if (isCustom(name)) Reflect.deleteProperty(headers, name);
      };
      http2Server.prependListener('stream', onStream);
    }
  }

  /** Refuses those calls. */
  readonly interceptor: ServerInterceptor = (_method, call) => {
    if (this.tooLarge.has(libraryCall(call).stream)) {
      this.refused.refuse('METADADOS', call, status.RESOURCE_EXHAUSTED, TOO_LARGE);
    }
    return asItIs(call);
  };
}

/** @param raw names and values in turn, as they came */
function sizeOf(raw: readonly string[]): number {
  let bytes = (HEADER_BYTES * raw.length) / 2;
  for (const text of raw) bytes += text.length;
  return bytes;
}

/** Of the others the library asks some. */
function isCustom(name: string): boolean {
  return !name.startsWith(':') && name !== 'content-type';
}
