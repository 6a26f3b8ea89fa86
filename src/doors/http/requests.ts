import { createServer as createHttp1 } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Backlog } from '../port/backlog.js';
import { endOnceAnswered } from '../port/cut.js';
import { portLimits } from '../port/limits.js';
import type { OpenCalls } from '../port/open-calls.js';
import type { RefusedCalls } from '../port/refused-calls.js';
import type { Http2Request, RequestHandler } from '../port/sessions.js';
import type { UnfinishedRequests } from '../port/unfinished-requests.js';
import { answerMalformed } from './malformed.js';
import { Http1Connections } from './connections.js';
import { Entrance, refusalAnswer } from './entrance.js';
import type { EntranceOptions } from './entrance.js';
import { Http1Exchange } from './http1-exchange.js';
import { Http2Exchange } from './http2-exchange.js';
import { httpLimits } from './limits.js';
import { HttpRefusal, tooLongTarget } from './problems.js';

interface HttpOptions extends EntranceOptions {
  readonly openCalls: OpenCalls;
  readonly unfinished: UnfinishedRequests;
  readonly refused: RefusedCalls;
  readonly backlog: Backlog | undefined;
}

/**
 * Requests of HTTP/1.1 and HTTP/2 that are not gRPC, as the port hands them over. Node's server of HTTP/1.1 gets its
 * connections from the port, and never listens itself; a request of HTTP/2 is its stream.
 */
export class HttpRequests implements RequestHandler {
  private readonly connections: Http1Connections;
  private readonly entrance: Entrance;
  private readonly admitting = new WeakMap<Socket, () => void>();
  private readonly http1 = createHttp1({
    // Room for a target that is too long to be told so.
    maxHeaderSize: portLimits.headerBytes + httpLimits.targetBytes,
    keepAliveTimeout: httpLimits.idleMs,
    // Node's own refusal has no body; this one has a document.
    requireHostHeader: false,
  });

  constructor(private readonly options: HttpOptions) {
    this.connections = new Http1Connections(options.seam.time);
    this.entrance = new Entrance(options);
    // Further ones would be left out silently: `Host` among them, or `Origin`.
    this.http1.maxHeadersCount = portLimits.headerFields;
    this.http1.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.serve1(request, response, false);
    });
    this.http1.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.serve1(request, response, true);
    });
    // Whether its client sends the body now cannot be known either.
    this.http1.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
      this.serve1(request, response, true);
    });
    this.http1.on('clientError', (error, socket) => {
      answerMalformed(error, socket, this.connections.owesAnswers(socket));
    });
  }

  /** Speaks HTTP/1.1 with a client. @param onAdmitted called once the client got an answer that is not a refusal */
  accept(socket: Socket, onAdmitted: () => void): void {
    this.admitting.set(socket, onAdmitted);
    this.connections.begin(socket);
    this.http1.emit('connection', socket);
  }

  serve(request: Http2Request): void {
    const { openCalls, backlog, unfinished, seam } = this.options;
    const exchange = new Http2Exchange(request, { backlog, unfinished, time: seam.time });
    openCalls.add(exchange);
    this.entrance.serve(exchange);
  }

  refuse(stream: ServerHttp2Stream, reason: string, headers: Http2Request['headers']): void {
    if (stream.destroyed || stream.closed) return;
    this.options.openCalls.add({ stream, onTurnEnd: () => undefined });
    endOnceAnswered(stream);
    stream.resume();
    const isTarget = (headers[':path']?.length ?? 0) > httpLimits.targetBytes;
    const { status, fields, body } = refusalAnswer(isTarget ? tooLongTarget() : new HttpRefusal(431, reason));
    stream.respond({ ':status': status, ...fields });
    // The answer to HEAD has ended already.
    if (!stream.writableEnded) stream.end(body);
  }

  /** Asks clients of HTTP/1.1 to go; requests under way are finished. */
  close(): void {
    this.connections.close();
  }

  private serve1(request: IncomingMessage, response: ServerResponse, awaitsLeave: boolean): void {
    const { openCalls, backlog, unfinished, seam } = this.options;
    const { socket } = request;
    const exchange = new Http1Exchange(request, response, awaitsLeave, {
      ...{ backlog, unfinished, time: seam.time },
      onAdmitted: () => {
        this.admitting.get(socket)?.();
        this.admitting.delete(socket);
      },
    });
    this.connections.onRequest(socket, response, () => exchange.debt);
    openCalls.add(exchange);
    // Even where the target names a host (RFC 9112, 3.2).
    const lacksHost = request.httpVersion === '1.1' && request.headers.host === undefined;
    if (lacksHost) exchange.respond(refusalAnswer(new HttpRefusal(400, 'falta o campo Host')));
    else this.entrance.serve(exchange);
  }
}
