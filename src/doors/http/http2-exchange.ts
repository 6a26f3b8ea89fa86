import { constants } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Backlog } from '../port/backlog.js';
import type { Connection } from '../port/connection.js';
import { cut, endOnceAnswered } from '../port/cut.js';
import { CALL_BYTES } from '../port/limits.js';
import type { TrackedCall } from '../port/open-calls.js';
import type { Http2Request } from '../port/sessions.js';
import type { UnfinishedRequests } from '../port/unfinished-requests.js';
import type { Time } from '../../ports/time.js';
import type { BodySink, Exchange, HttpFields, HttpAnswer } from './exchange.js';

interface Host {
  readonly backlog: Backlog | undefined;
  readonly unfinished: UnfinishedRequests;
  readonly time: Time;
}

/** A request of HTTP/2, on its stream itself: the compatible objects of Node would cost as much again. */
export class Http2Exchange implements Exchange, TrackedCall {
  readonly method: string;
  readonly url: string;
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  onRoom: (() => void) | undefined;
  onOver: (() => void) | undefined;
  needsRoom = false;
  private readonly connection: Connection;
  private readonly headerBytes: number;
  private bodyBytes = 0;
  private isReading = false;
  /** Still open after its first turn. */
  private isLasting = false;
  private isFinished = false;
  private isLeaving = false;
  private leaving: (() => void) | undefined;
  private trailers: HttpFields | undefined;

  constructor(
    request: Http2Request,
    private readonly host: Host,
  ) {
    this.stream = request.stream;
    this.headers = request.headers;
    this.rawHeaders = request.raw;
    this.connection = request.connection;
    this.headerBytes = request.headerBytes;
    this.method = request.headers[':method'] ?? '';
    this.url = request.headers[':path'] ?? '';
  }

  get from(): string | undefined {
    return this.connection.from;
  }

  get localAddress(): string | undefined {
    return this.connection.socket.localAddress;
  }

  get certificateSubject(): string | undefined {
    return this.connection.certificateSubject;
  }

  get hasBegun(): boolean {
    return this.stream.headersSent;
  }

  takeUp(): number {
    const { backlog, time } = this.host;
    return backlog === undefined ? time.monotonicMs() : backlog.assertFresh(this.connection.session);
  }

  admit(): void {
    this.connection.admit();
  }

  isOver(): boolean {
    return this.isFinished || this.stream.closed || this.stream.destroyed;
  }

  readBody(sink: BodySink): void {
    const { stream } = this;
    this.isReading = true;
    if (this.headers.expect !== undefined && !stream.closed)
      stream.additionalHeaders({ ':status': constants.HTTP_STATUS_CONTINUE });
    stream.on('data', (piece: Buffer) => {
      this.connection.claimData(piece);
      if (this.isOver()) return;
      this.bodyBytes += piece.length;
      if (this.isLasting) this.hold();
      sink.onData(piece);
    });
    stream.on('end', () => {
      this.isReading = false;
      if (this.isLasting) this.host.unfinished.hold(stream, 0);
      if (!this.isOver()) sink.onEnd();
    });
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  respond({ status, fields, body = '' }: HttpAnswer): void {
    if (this.isOver()) return;
    const { stream } = this;
    if (!stream.readableEnded) endOnceAnswered(stream);
    const isBodiless = body.length === 0;
    stream.respond({ ':status': status, ...fields }, isBodiless ? { endStream: true } : undefined);
    // The answer to HEAD has ended already.
    if (!stream.writableEnded) stream.end(body);
    this.finish();
  }

  begin(status: number, fields: HttpFields): void {
    if (this.isOver()) return;
    const { stream } = this;
    stream.on('drain', () => {
      this.needsRoom = false;
      this.onRoom?.();
    });
    stream.on('wantTrailers', () => {
      stream.sendTrailers(this.trailers ?? {});
    });
    stream.respond({ ':status': status, ...fields }, { waitForTrailers: true });
    if (stream.writableEnded) this.finish();
  }

  write(text: string): boolean {
    if (this.isOver()) return false;
    this.needsRoom = !this.stream.write(text);
    return !this.needsRoom;
  }

  end(trailers?: HttpFields): void {
    if (this.isOver()) return;
    this.trailers = trailers;
    if (!this.stream.readableEnded) endOnceAnswered(this.stream);
    this.stream.end();
    this.finish();
  }

  abort(): void {
    if (this.isOver()) return;
    cut(this.stream, constants.NGHTTP2_INTERNAL_ERROR);
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
    // Nearly all are over by now, and cost nothing of what follows.
    if (this.isFinished) return;
    if (this.isOver()) {
      this.close();
      return;
    }
    this.isLasting = true;
    const close = (): void => {
      this.close();
    };
    this.stream.on('aborted', close).on('close', close);
    if (this.isReading) this.hold();
  }

  private hold(): void {
    const { unfinished } = this.host;
    unfinished.hold(this.stream, CALL_BYTES + this.headerBytes + this.bodyBytes);
  }

  private finish(): void {
    this.isFinished = true;
    // A body that nobody wants any more would keep the stream alive.
    if (!this.stream.readableEnded) this.stream.resume();
    this.close();
  }

  private isClosed = false;

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isFinished = true;
    if (this.isLasting) this.host.unfinished.hold(this.stream, 0);
    this.onOver?.();
  }
}
