import { constants, performServerHandshake } from 'node:http2';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Time } from '../../ports/time.js';
import type { Backlog } from './backlog.js';
import { Connection } from './connection.js';
import { cut } from './cut.js';
import { headerBytes, headerProblem } from './header-bounds.js';
import { IdleFrames } from './idle-frames.js';
import { portLimits } from './limits.js';
import type { RefusedCalls } from './refused-calls.js';

/** A request whose header fields are within the bounds. */
export interface Http2Request {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as received. */
  readonly raw: readonly string[];
  /** Bytes of the header fields, as HTTP/2 counts them. */
  readonly headerBytes: number;
  readonly connection: Connection;
}

/** Serves the requests of one protocol, and claims of the connection what it reads of their bodies. */
export interface RequestHandler {
  serve(request: Http2Request): void;
  /** Answers a request that exceeds a limit. @param problem for people, in Portuguese */
  refuse(stream: ServerHttp2Stream, problem: string, headers: IncomingHttpHeaders): void;
}

interface SessionsOptions {
  /** The handler for a request, by its header fields. */
  readonly handlerOf: (headers: IncomingHttpHeaders) => RequestHandler;
  readonly refused: RefusedCalls;
  /** Detects requests that waited while this process stood still; absent: never. */
  readonly backlog: Backlog | undefined;
  readonly time: Time;
}

/** The HTTP/2 sessions of one port: each is bounded, kept alive, and asked to go when the server stops. */
export class Sessions {
  private readonly open = new Set<ServerHttp2Session>();
  private readonly idleFrames: IdleFrames;
  /** Trailers of a request say nothing to us, and cost as much again. One function for all streams. */
  private readonly onTrailers: OnTrailers;

  constructor(private readonly options: SessionsOptions) {
    this.onTrailers = onTrailersOf(options);
    this.idleFrames = new IdleFrames(options.time, options.refused);
  }

  /**
   * Speaks HTTP/2 with a client.
   * @param onAdmitted called once the client got an answer that is not a refusal
   */
  begin(socket: Socket, onAdmitted: () => void): void {
    const session = performServerHandshake(socket, {
      maxHeaderListPairs: portLimits.headerPairs,
      maxSessionMemory: SESSION_MEMORY_MB,
      settings: { maxConcurrentStreams: portLimits.streamsPerConnection },
    });
    // A session that closes sends no PING any more.
    socket.setKeepAlive(true, portLimits.keepaliveMs);
    const connection = new Connection(socket, session, onAdmitted);
    this.options.refused.follow(session, socket);
    this.open.add(session);
    // Its streams tell what happened, and the socket closes with it.
    session.on('error', ignore);
    session.once('close', () => {
      this.open.delete(session);
      cancelKeepalive();
    });
    const onStream: OnStream = (stream, headers, _flags, raw) => {
      this.onStream(stream, headers, raw, connection);
    };
    session.on('stream', onStream);
    this.options.backlog?.follow(session);
    this.idleFrames.follow(connection);
    const cancelKeepalive = keepAlive(session, this.options.time);
  }

  /** Asks every client to go (GOAWAY); calls under way are finished. */
  close(): void {
    for (const session of this.open) session.close();
  }

  private onStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    raw: readonly string[],
    connection: Connection,
  ): void {
    // A broken connection or a reset ends the stream; whoever serves it sees that it is closed.
    stream.on('error', ignore);
    // The rest of the piece in which the connection was cut.
    if (connection.socket.destroyed) return;
    const handler = this.options.handlerOf(headers);
    const bytes = headerBytes(raw);
    connection.claim(bytes + portLimits.requestFramesBytes);
    const problem = headerProblem(raw.length / 2, bytes);
    if (problem !== undefined) {
      handler.refuse(stream, problem, headers);
      this.options.refused.add('METADADOS', stream);
      return;
    }
    stream.on('trailers', this.onTrailers);
    handler.serve({ stream, headers, raw, headerBytes: bytes, connection });
  }
}

type OnStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  raw: readonly string[],
) => void;

/** So that one connection may have as many unread answers as all together. */
const SESSION_MEMORY_MB = portLimits.unreadBytes / 1e6;

type OnTrailers = (
  this: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  raw?: unknown,
) => void;

function onTrailersOf({ refused }: SessionsOptions): OnTrailers {
  return function (_headers, _flags, raw) {
    const fields = raw as readonly string[];
    if (headerProblem(fields.length / 2, headerBytes(fields)) === undefined) return;
    refused.add('METADADOS', this);
    cut(this, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
}

function ignore(): void {
  // Told by the event `close` too.
}

/**
 * Sends a PING now and then, and ends a connection that does not answer.
 * @returns a function that ends the PINGs
 */
function keepAlive(session: ServerHttp2Session, time: Time): () => void {
  let cancel = (): void => undefined;
  const wait = (): void => {
    cancel = time.after(portLimits.keepaliveMs, () => {
      cancel = time.after(portLimits.keepaliveTimeoutMs, () => {
        session.destroy();
      });
      if (session.destroyed) return;
      // While it closes, Node calls back at once with an error; calls under way go on.
      session.ping(() => {
        cancel();
        if (!session.destroyed) wait();
      });
    });
  };
  wait();
  return () => {
    cancel();
  };
}
