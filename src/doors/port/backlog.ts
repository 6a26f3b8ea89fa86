import type { ServerHttp2Session } from 'node:http2';
import { KvsError } from '../../core/errors.js';
import type { Pauses } from '../../ports/pauses.js';
import type { Time } from '../../ports/time.js';
import { portLimits } from './limits.js';

/**
 * Refuses requests that waited at the port while this process stood still; nothing of them was done. Deadlines cannot
 * tell, since a call carries its timeout and not its start.
 *
 * Whatever a client sent before it got a PING of ours arrives before its answer to that PING. So each connection gets a
 * PING when a pause has ended. What arrives on it before the answer had waited, or was sent within half a round trip of
 * it.
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

  /** Follows a connection from its beginning. */
  follow(session: ServerHttp2Session): void {
    this.pauses.look();
    this.sessions.add(session);
    session.once('close', () => {
      this.sessions.delete(session);
      this.waiting.delete(session);
    });
    if (this.time.monotonicMs() - this.endedAtMs < portLimits.backlogAcceptMs) this.ask(session);
  }

  /**
   * @param session of a request that has just been read
   * @returns now, by the monotonic clock, in ms
   * @throws KvsError SERVIDOR_PAROU if the request waited while this process stood still
   */
  assertFresh(session: ServerHttp2Session): number {
    const nowMs = this.pauses.look();
    if (this.waiting.size === 0 || !this.waiting.has(session)) return nowMs;
    throw stoodStill();
  }

  /**
   * The same for a client of HTTP/1.1, which cannot be asked by a PING: all that comes for a moment after a pause had
   * waited.
   * @returns now, by the monotonic clock, in ms
   * @throws KvsError SERVIDOR_PAROU
   */
  assertFreshSoon(): number {
    const nowMs = this.pauses.look();
    if (nowMs - this.endedAtMs >= portLimits.backlogAcceptMs) return nowMs;
    throw stoodStill();
  }

  private begin(): void {
    this.endedAtMs = this.time.monotonicMs();
    for (const session of this.sessions) this.ask(session);
  }

  private ask(session: ServerHttp2Session): void {
    this.waiting.add(session);
    this.cancelGivingUp?.();
    this.cancelGivingUp = this.time.after(portLimits.backlogMs, () => {
      this.waiting.clear();
    });
    // An error closes the session; if too many PINGs are outstanding, the timeout above applies.
    if (!session.destroyed && !session.closed) session.ping(() => this.waiting.delete(session));
  }
}

function stoodStill(): KvsError {
  return new KvsError(
    'SERVIDOR_PAROU',
    'o servidor esteve parado enquanto este pedido esperava; nada foi feito: repita',
  );
}
