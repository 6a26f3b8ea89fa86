import type { Server } from '@grpc/grpc-js';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { KvsError } from '../../../core/errors.js';
import type { Pauses } from '../../../ports/pauses.js';
import type { Time } from '../../../ports/time.js';
import { grpcLimits } from '../limits.js';

/** The library and a call of its have no public way to these; tests see whether they are still there. */
interface LibraryServer {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
}
interface LibraryCall {
  readonly call: { readonly stream: { readonly session: ServerHttp2Session | undefined } };
}

/**
 * What had been waiting at the gRPC doors while this process stood still: it is refused, nothing done. Deadlines do not
 * tell, since a call carries how long it may take and not when it began.
 *
 * What a client had sent before a PING of ours reached it comes in before the answer to that PING. So every connection is
 * asked when a pause has ended, and what comes in on it before its answer waited, or was sent within half a round trip of it.
 */
export class Backlog {
  private readonly sessions = new Set<ServerHttp2Session>();
  private readonly waiting = new Set<ServerHttp2Session>();
  private endedAtMs = -Infinity;
  private cancelGivingUp: (() => void) | undefined;

  constructor(
    private readonly pauses: Pauses,
    private readonly time: Time,
  ) {
    pauses.onEnd(() => {
      this.begin();
    });
  }

  /** Sees every connection. Called once the library has what connections go to. */
  watch(server: Server): void {
    for (const http2Server of (server as unknown as LibraryServer).http2Servers.keys()) {
      http2Server.on('session', (session) => {
        this.pauses.look();
        this.sessions.add(session);
        session.once('close', () => {
          this.sessions.delete(session);
          this.waiting.delete(session);
        });
        if (this.time.monotonicMs() - this.endedAtMs < grpcLimits.backlogAcceptMs) this.ask(session);
      });
    }
  }

  /**
   * @param call of the library, whose request has just been read
   * @returns the present by the monotonic clock, in ms
   * @throws KvsError SERVIDOR_PAROU if it had been waiting while this process stood still
   */
  assertFresh(call: object): number {
    const nowMs = this.pauses.look();
    if (this.waiting.size === 0) return nowMs;
    const { session } = (call as LibraryCall).call.stream;
    if (!session || !this.waiting.has(session)) return nowMs;
    throw new KvsError(
      'SERVIDOR_PAROU',
      'o servidor esteve parado enquanto este pedido esperava; nada foi feito: repita',
    );
  }

  private begin(): void {
    this.endedAtMs = this.time.monotonicMs();
    for (const session of this.sessions) this.ask(session);
  }

  private ask(session: ServerHttp2Session): void {
    this.waiting.add(session);
    this.cancelGivingUp?.();
    this.cancelGivingUp = this.time.after(grpcLimits.backlogMs, () => {
      this.waiting.clear();
    });
    // An error closes it; where too many are under way already, the time above counts.
    if (!session.destroyed && !session.closed) session.ping(() => this.waiting.delete(session));
  }
}
