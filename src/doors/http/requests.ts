import { createServer as createHttp1 } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { endOnceAnswered } from '../port/cut.js';
import { portLimits } from '../port/limits.js';
import type { OpenCalls } from '../port/open-calls.js';
import type { Http2Request, RequestHandler } from '../port/sessions.js';
import { httpLimits } from './limits.js';
import { originProblem } from './origin.js';
import { pageAt, problem } from './pages.js';
import type { HealthByName, Page } from './pages.js';

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

interface HttpOptions {
  readonly health: () => HealthByName;
  /** Host names by which people reach this server, beside loopback ones and its own address. */
  readonly ownNames: ReadonlySet<string>;
  readonly openCalls: OpenCalls;
}

/** Nothing of another origin may frame, read or run what this port answers. */
const PROTECTION = Object.freeze({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
});

/**
 * Requests of HTTP/1.1 and HTTP/2 that are not gRPC. Both of Node's servers get connections and streams from the port,
 * and never listen themselves.
 */
export class HttpRequests implements RequestHandler {
  private readonly http1 = createHttp1(
    {
      maxHeaderSize: portLimits.headerBytes,
      headersTimeout: httpLimits.headersMs,
      requestTimeout: httpLimits.requestMs,
      connectionsCheckingInterval: httpLimits.checkMs,
      keepAliveTimeout: httpLimits.idleMs,
    },
    (request, response) => {
      // What is not read of a body would be read for ever.
      if (
        request.headers['content-length'] !== undefined ||
        request.headers['transfer-encoding'] !== undefined
      ) {
        response.setHeader('connection', 'close');
      }
      this.answer(request, response);
    },
  );
  private readonly http2 = createHttp2((request, response) => {
    this.answer(request, response);
  });

  constructor(private readonly options: HttpOptions) {
    this.http1.maxHeadersCount = portLimits.headerFields;
    // Node starts to enforce its time-outs when a server begins to listen, which this one never does.
    this.http1.emit('listening');
  }

  /** Speaks HTTP/1.1 with a client. */
  accept(socket: Socket): void {
    this.http1.emit('connection', socket);
  }

  serve({ stream, headers, raw }: Http2Request): void {
    this.options.openCalls.add({ stream, onTurnEnd: () => undefined });
    endOnceAnswered(stream);
    this.http2.emit('stream', stream, headers, 0, raw);
  }

  refuse(stream: ServerHttp2Stream): void {
    if (stream.destroyed || stream.closed) return;
    endOnceAnswered(stream);
    stream.respond({ ':status': 431 }, { endStream: true });
  }

  /** Asks clients of HTTP/1.1 to go; requests under way are finished. */
  close(): void {
    this.http1.close();
    this.http1.closeIdleConnections();
  }

  private answer(request: Request, response: Response): void {
    const page = this.pageFor(request);
    response.writeHead(page.status, { ...PROTECTION, 'content-type': page.type });
    response.end(request.method === 'HEAD' ? '' : page.body);
  }

  private pageFor(request: Request): Page {
    const { headers, method, socket } = request;
    const host = headers[':authority'] ?? headers.host;
    const refused = originProblem(
      {
        host: host?.toString(),
        origin: headers.origin,
        fetchSite: headers['sec-fetch-site']?.toString(),
        localAddress: socket.localAddress,
      },
      this.options.ownNames,
    );
    if (refused !== undefined) return problem(403, refused);
    if (method !== 'GET' && method !== 'HEAD')
      return problem(405, `esta porta não aceita ${method ?? ''} por HTTP`);
    const [path = '/'] = (request.url ?? '/').split('?');
    return pageAt(path, this.options.health());
  }
}
