import { createServer as createHttp1 } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Time } from '../../ports/time.js';
import { endOnceAnswered } from '../port/cut.js';
import { headerProblem } from '../port/header-bounds.js';
import { portLimits } from '../port/limits.js';
import type { OpenCalls } from '../port/open-calls.js';
import type { Http2Request, RequestHandler } from '../port/sessions.js';
import { Http1Connections } from './connections.js';
import { httpLimits } from './limits.js';
import { originProblem } from './origin.js';
import { pageAt, problem, repeated } from './pages.js';
import type { HealthByName, Page } from './pages.js';
import { requestTarget } from './target.js';

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

interface HttpOptions {
  readonly health: () => HealthByName;
  /** Host names by which people reach this server, beside loopback ones and its own address. */
  readonly ownNames: readonly string[];
  readonly openCalls: OpenCalls;
  readonly time: Time;
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
  private readonly connections: Http1Connections;
  private readonly ownNames: ReadonlySet<string>;
  private readonly http1 = createHttp1({
    maxHeaderSize: portLimits.headerBytes,
    keepAliveTimeout: httpLimits.idleMs,
  });
  private readonly http2 = createHttp2();

  constructor(private readonly options: HttpOptions) {
    this.connections = new Http1Connections(options.time);
    this.ownNames = new Set(options.ownNames.map((name) => name.toLowerCase()));
    this.http1.maxHeadersCount = portLimits.headerFields;
    const serve1 = (request: IncomingMessage, response: ServerResponse): void => {
      this.connections.onRequest(request.socket, response);
      // Whether a body follows that was not asked for cannot be known.
      if (request.headers.expect !== undefined) response.setHeader('connection', 'close');
      this.answer(request, response);
    };
    const serve2 = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
      this.answer(request, response);
    };
    // A body is never asked for (`Expect: 100-continue`): the answer comes at once.
    this.http1.on('request', serve1).on('checkContinue', serve1);
    this.http2.on('request', serve2).on('checkContinue', serve2);
  }

  /** Speaks HTTP/1.1 with a client. */
  accept(socket: Socket): void {
    this.connections.begin(socket);
    this.http1.emit('connection', socket);
  }

  serve({ stream, headers, raw }: Http2Request): void {
    this.options.openCalls.add({ stream, onTurnEnd: () => undefined });
    endOnceAnswered(stream);
    this.http2.emit('stream', stream, headers, 0, raw);
  }

  refuse(stream: ServerHttp2Stream, reason: string): void {
    if (stream.destroyed || stream.closed) return;
    this.options.openCalls.add({ stream, onTurnEnd: () => undefined });
    endOnceAnswered(stream);
    stream.resume();
    const { type, body } = problem(431, reason);
    stream.respond({ ':status': 431, ...PROTECTION, 'content-type': type });
    // The answer to HEAD has ended already.
    if (!stream.writableEnded) stream.end(body);
  }

  /** Asks clients of HTTP/1.1 to go; requests under way are finished. */
  close(): void {
    this.connections.close();
  }

  private answer(request: Request, response: Response): void {
    const { status, type, body, headers } = this.pageFor(request);
    response.writeHead(status, {
      ...{ ...PROTECTION, ...headers, 'content-type': type },
      'content-length': Buffer.byteLength(body),
    });
    response.end(request.method === 'HEAD' ? '' : body);
    // A body is read for a while and dropped: some clients see no answer before it is gone.
    request.resume();
  }

  private pageFor(request: Request): Page {
    const { headers, method = '' } = request;
    // By HTTP/1.1 further fields would be left out silently: `Host` among them, or `Origin`.
    const tooMany = headerProblem(request.rawHeaders.length / 2, 0);
    if (tooMany !== undefined) return problem(431, tooMany);
    const target = requestTarget(request.url ?? '', request.rawHeaders);
    if (target === undefined) return problem(400, 'o pedido diz a quem se dirige (Host) de duas maneiras');
    const refused = originProblem(
      {
        host: target.host,
        origin: headers.origin,
        fetchSite: headers['sec-fetch-site']?.toString(),
        localAddress: request.socket.localAddress,
      },
      this.ownNames,
    );
    if (refused !== undefined) return problem(403, refused);
    if (headers['content-type']?.startsWith('application/grpc') === true) {
      return problem(505, 'gRPC precisa de HTTP/2, e este pedido veio por HTTP/1.1');
    }
    if (method !== 'GET' && method !== 'HEAD') {
      const detail = `esta porta aceita GET e HEAD por HTTP, e não ${repeated(method)}; uma chamada gRPC tem content-type application/grpc`;
      return problem(405, detail, { allow: 'GET, HEAD' });
    }
    return pageAt(target.path, this.options.health());
  }
}
