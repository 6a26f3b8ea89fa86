import type { Http2Server, Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { endsOf } from '../../../security/tls/unfinished.js';
import { grpcLimits } from '../limits.js';

/** One connection whose client has not been answered anything yet. */
interface Newcomer {
  readonly socket: Socket;
  /** The last of its calls. */
  stream?: ServerHttp2Stream;
}

/** Health answers everybody. */
const HEALTH = '/grpc.health.';

/**
 * The connections of one port, bounded in number.
 *
 * Who has been let in stays: a crowd of strangers does not part the clients that are connected already. Let in is whoever
 * was answered a call with anything but a refusal, health apart. Of the others the one that came first gives way to who
 * comes: one byte, half a greeting, a greeting without calls and calls without a credential are cheap.
 */
export class Connections {
  private readonly open = new Set<Socket>();
  private readonly newcomers = new Map<string, Newcomer>();
  /** Of connections that speak HTTP/2, while they are newcomers. */
  private readonly bySession = new WeakMap<Http2Session, Newcomer>();
  private whenIdle: (() => void)[] = [];

  /** @param onRefused gets the one that has no place, for it to be closed */
  constructor(
    private readonly onRefused: (socket: Socket) => void,
    private readonly most: number = grpcLimits.connections,
  ) {}

  /** @returns false if there is no place for it, of which `onRefused` has heard */
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

  /** Learns which connection each session of this server is. */
  follow(server: Server): void {
    server.on('session', (session) => {
      const newcomer = this.newcomers.get(endsOf(session.socket));
      if (newcomer !== undefined) this.bySession.set(session, newcomer);
    });
  }

  /** Hears of each call. Costs one look for those who have been let in. */
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

  /** Resolves once there are none. */
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

  /** @param ends as they were when it came: one that is closing does not tell them any more */
  private forget(socket: Socket, ends: string): void {
    if (!this.open.delete(socket)) return;
    if (this.newcomers.get(ends)?.socket === socket) this.newcomers.delete(ends);
    if (this.open.size > 0) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

type Server = Pick<Http2Server, 'on'>;

/** A refusal has its status in the head of the answer; whatever comes before a status was for somebody who was let in. */
function wasAnswered(stream: ServerHttp2Stream | undefined): boolean {
  return stream?.headersSent === true && stream.sentHeaders['grpc-status'] === undefined;
}
