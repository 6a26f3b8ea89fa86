import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { certificateSubject } from '../../ports/access.js';
import type { Time } from '../../ports/time.js';
import type { Backlog } from '../port/backlog.js';
import { CALL_BYTES } from '../port/limits.js';
import type { TrackedCall } from '../port/open-calls.js';
import type { PortStream } from '../port/port-stream.js';
import type { UnfinishedRequests } from '../port/unfinished-requests.js';
import type { ClientDebt } from './connections.js';
import type { BodySink, Exchange, HttpFields, HttpAnswer } from './exchange.js';

interface Host {
  readonly backlog: Backlog | undefined;
  readonly unfinished: UnfinishedRequests;
  readonly time: Time;
  /** Called at every answer that only an admitted client gets. */
  readonly onAdmitted: () => void;
}

/** A request of HTTP/1.1. */
export class Http1Exchange implements Exchange, TrackedCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly stream: PortStream;
  onRoom: (() => void) | undefined;
  onOver: (() => void) | undefined;
  needsRoom = false;
  private bodyBytes = 0;
  private isReading = false;
  private isLasting = false;
  private isStreaming = false;
  private isFinished = false;
  private isLeaving = false;
  private leaving: (() => void) | undefined;
  private isClosed = false;

  /** @param awaitsLeave its client sends the body only once it is told to */
  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly awaitsLeave: boolean,
    private readonly host: Host,
  ) {
    this.method = request.method ?? '';
    this.url = request.url ?? '';
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
    this.stream = new Http1Stream(request, response);
    // Whether a body follows that was not asked for cannot be known.
    if (awaitsLeave) response.shouldKeepAlive = false;
  }

  get from(): string | undefined {
    return this.request.socket.remoteAddress?.replace(/^::ffff:/i, '');
  }

  get localAddress(): string | undefined {
    return this.request.socket.localAddress;
  }

  get certificateSubject(): string | undefined {
    const { socket } = this.request;
    if (!(socket instanceof TLSSocket) || socket.getPeerX509Certificate() === undefined) return undefined;
    return certificateSubject({ ...socket.getPeerCertificate().subject });
  }

  get hasBegun(): boolean {
    return this.response.headersSent;
  }

  takeUp(): number {
    const { backlog, time } = this.host;
    return backlog === undefined ? time.monotonicMs() : backlog.assertFreshSoon();
  }

  admit(): void {
    this.host.onAdmitted();
  }

  isOver(): boolean {
    return this.isFinished || this.stream.closed;
  }

  readBody(sink: BodySink): void {
    const { request } = this;
    this.isReading = true;
    if (this.awaitsLeave) {
      this.response.writeContinue();
      this.response.shouldKeepAlive = this.headers.connection?.toLowerCase() !== 'close';
    }
    request.on('data', (piece: Buffer) => {
      if (this.isOver()) return;
      this.bodyBytes += piece.length;
      if (this.isLasting) this.hold();
      sink.onData(piece);
    });
    request.on('end', () => {
      this.isReading = false;
      if (this.isLasting) this.host.unfinished.hold(this.stream, 0);
      if (!this.isOver()) sink.onEnd();
    });
  }

  pause(): void {
    this.request.pause();
  }

  resume(): void {
    this.request.resume();
  }

  respond({ status, fields, body = '' }: HttpAnswer): void {
    if (this.isOver()) return;
    const { response } = this;
    const hasLength = status !== 204 && status !== 304;
    response.writeHead(
      status,
      hasLength ? { ...fields, 'content-length': String(Buffer.byteLength(body)) } : fields,
    );
    response.end(this.method === 'HEAD' ? undefined : body);
    this.finish();
  }

  begin(status: number, fields: HttpFields): void {
    if (this.isOver()) return;
    const { response } = this;
    this.isStreaming = true;
    response.on('drain', () => {
      this.needsRoom = false;
      this.onRoom?.();
    });
    response.writeHead(status, fields);
    // Whoever waits for the first event sees at once that it may come.
    response.flushHeaders();
    if (this.method === 'HEAD') this.end();
  }

  write(text: string): boolean {
    if (this.isOver()) return false;
    this.needsRoom = !this.response.write(text);
    return !this.needsRoom;
  }

  end(trailers?: HttpFields): void {
    if (this.isOver()) return;
    if (trailers !== undefined) this.response.addTrailers(trailers);
    this.response.end();
    this.finish();
  }

  abort(): void {
    if (this.isOver()) return;
    this.request.socket.destroy();
    this.finish();
  }

  set onLeave(leave: () => void) {
    this.leaving = leave;
    if (this.isLeaving) leave();
  }

  leave(): void {
    this.isLeaving = true;
    this.leaving?.();
  }

  onTurnEnd(): void {
    if (this.isFinished) return;
    this.isLasting = true;
    this.response.once('close', () => {
      this.close();
    });
    if (this.isReading) this.hold();
  }

  /** What its client owes now. */
  get debt(): ClientDebt {
    if (this.stream.writableLength > 0) return 'reading';
    if (this.isFinished || !this.isReading) return 'nothing';
    return this.isStreaming ? 'more' : 'body';
  }

  private hold(): void {
    this.host.unfinished.hold(this.stream, CALL_BYTES + this.bodyBytes);
  }

  private finish(): void {
    this.isFinished = true;
    // A body is read for a while and dropped: some clients see no answer before it is gone.
    this.request.resume();
    this.close();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isFinished = true;
    if (this.isLasting) this.host.unfinished.hold(this.stream, 0);
    this.onOver?.();
  }
}

/** What stands for a stream on a connection of HTTP/1.1. */
class Http1Stream implements PortStream {
  private readonly socket: Socket;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    this.socket = request.socket;
  }

  get closed(): boolean {
    return this.socket.destroyed || this.response.closed;
  }

  get destroyed(): boolean {
    return this.socket.destroyed;
  }

  get writableFinished(): boolean {
    return this.response.writableFinished;
  }

  get writableLength(): number {
    return this.response.writableLength;
  }

  get readableLength(): number {
    return this.request.readableLength;
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress;
  }

  /** Ends the connection: a half answer leaves nothing that could follow it. */
  close(): void {
    this.socket.destroy();
  }

  destroy(): void {
    // Whatever has ended is let go of by Node, and its connection goes on.
  }

  resume(): void {
    this.request.resume();
  }

  once(event: 'close', listener: () => void): void {
    this.response.once(event, listener);
  }
}
