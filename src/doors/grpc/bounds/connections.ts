import type { Http2Server, Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { endsOf } from '../../../security/tls/unfinished.js';
import { grpcLimits } from '../limits.js';

/** A connection whose client has not been admitted yet. */
interface Newcomer {
  readonly socket: Socket;
  /** Its latest call. */
  stream?: ServerHttp2Stream;
}

/** Health needs no credential, so its answers admit nobody. */
const HEALTH = '/grpc.health.';

/**
 * The connections of one port, bounded in number.
 *
 * Admitted connections stay: a crowd of strangers cannot evict them. A connection is admitted once a call on it got an
 * answer that is not a refusal; health does not count. Of the others, the oldest gives way to a new one: a single byte,
 * half a handshake, a connection without calls and calls without a credential are cheap.
 */
export class Connections {
  private readonly open = new Set<Socket>();
  private readonly newcomers = new Map<string, Newcomer>();
  /** Newcomers by their HTTP/2 session. */
  private readonly bySession = new WeakMap<Http2Session, Newcomer>();
  private whenIdle: (() => void)[] = [];

  /** @param onRefused gets a connection to close for lack of room */
  constructor(
    private readonly onRefused: (socket: Socket) => void,
    private readonly most: number = grpcLimits.connections,
  ) {}

  /** @returns false if there is no room for it; `onRefused` was called with it */
  enter(socket: Socket): boolean {
    if (this.open.size >= this.most) {
      const oldest = this.oldestNewcomer();
      if (oldest !== undefined) this.forget(...oldest);
      this.onRefused(oldest?.[0] ?? socket);
      if (oldest === undefined) return false;
    }
    this.open.add(socket);
    const ends = endsOf(socket);
    this.newcomers.set(ends, { socket });
    socket.once('close', () => {
      this.forget(socket, ends);
    });
    return true;
  }

  /** Learns the connection of each session of this server. */
  follow(server: Server): void {
    server.on('session', (session) => {
      const newcomer = this.newcomers.get(endsOf(session.socket));
      if (newcomer !== undefined) this.bySession.set(session, newcomer);
    });
  }

  /** Called for each call. Costs one look-up once a connection is admitted. */
  readonly onCall = (session: Http2Session, stream: ServerHttp2Stream, path: string): void => {
    const newcomer = this.bySession.get(session);
    if (newcomer === undefined) return;
    if (wasAnswered(newcomer.stream)) {
      this.bySession.delete(session);
      this.newcomers.delete(endsOf(newcomer.socket));
    } else if (!path.startsWith(HEALTH)) {
      newcomer.stream = stream;
    }
  };

  /** Resolves once no connection is open. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.open.size === 0) resolve();
      else this.whenIdle.push(resolve);
    });
  }

  private oldestNewcomer(): [socket: Socket, ends: string] | undefined {
    for (const [ends, { socket, stream }] of this.newcomers) {
      if (!wasAnswered(stream)) return [socket, ends];
      this.newcomers.delete(ends);
    }
    return undefined;
  }

  /** @param ends as they were on arrival: a closing socket no longer knows them */
  private forget(socket: Socket, ends: string): void {
    if (!this.open.delete(socket)) return;
    if (this.newcomers.get(ends)?.socket === socket) this.newcomers.delete(ends);
    if (this.open.size > 0) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

type Server = Pick<Http2Server, 'on'>;

/** A refusal has its status in the response headers; headers without a status mean that the call was admitted. */
function wasAnswered(stream: ServerHttp2Stream | undefined): boolean {
  return stream?.headersSent === true && stream.sentHeaders['grpc-status'] === undefined;
}
