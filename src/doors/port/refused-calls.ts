import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { BurstLog } from '../../ports/burst-log.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { portLimits } from './limits.js';
import type { PortStream } from './port-stream.js';

/**
 * Why a call was refused or cut for its resource usage, whatever it asks: too many streams, metadata too large, a
 * compressed request, an incomplete request, an unread answer; or a connection was asked to go, because of frames that
 * are of no call. Stable: fields of the log.
 */
const CALL_REFUSALS = ['FLUXOS', 'METADADOS', 'COMPRIMIDO', 'INACABADO', 'NAO_LIDO', 'QUADROS'] as const;
export type CallRefusal = (typeof CALL_REFUSALS)[number];

/** Reasons that are the client's mistake, however busy the server is. */
const FAULTS: ReadonlySet<CallRefusal> = new Set(['METADADOS', 'COMPRIMIDO']);

/** Refused and cut calls of one server since its start, counted by reason and summed up in the log. */
export class RefusedCalls {
  readonly counts = Object.fromEntries(CALL_REFUSALS.map((reason) => [reason, 0])) as Record<
    CallRefusal,
    number
  >;
  private readonly burst: BurstLog;
  private readonly known = new WeakMap<Http2Session, { readonly socket: Socket; faults: number }>();

  constructor(
    private readonly time: Time,
    logger: Logger,
  ) {
    this.burst = new BurstLog(time, logger, 'chamada recusada (gRPC)');
  }

  /** Follows a connection from its beginning. */
  follow(session: Http2Session, socket: Socket): void {
    this.known.set(session, { socket, faults: 0 });
  }

  /** Counts a call that is refused or cut. */
  add(reason: CallRefusal, { session, remoteAddress }: Pick<PortStream, 'session' | 'remoteAddress'>): void {
    this.counts[reason]++;
    this.burst.report(reason, session?.socket.remoteAddress ?? remoteAddress ?? 'desconhecido');
    if (session !== undefined && FAULTS.has(reason)) this.blame(session);
  }

  /** Asks a connection to go whose frames are of no call, and counts it. */
  addIdle(session: Http2Session): void {
    this.counts.QUADROS++;
    this.burst.report('QUADROS', session.socket.remoteAddress ?? 'desconhecido');
    this.dismiss(session);
  }

  /**
   * Asks a connection with too many mistakes to go (GOAWAY). Its open calls end as usual, and its client reconnects,
   * which costs more than repeating a mistake in a few bytes. GOAWAY takes effect only when all data that arrived
   * together was processed. If that contains more mistakes than anybody makes by accident, the connection is closed at
   * once: its socket, since Node.js 22 aborts if a session is destroyed while more of the same piece is to be read.
   */
  private blame(session: Http2Session): void {
    const known = this.known.get(session);
    if (known === undefined) return;
    known.faults++;
    if (known.faults === portLimits.refusalsPerConnection) {
      setImmediate(() => {
        this.dismiss(session);
      });
    } else if (known.faults === portLimits.refusalsAtOnce) {
      known.socket.destroy();
    }
  }

  private dismiss(session: Http2Session): void {
    if (session.destroyed) return;
    const cancel = this.time.after(portLimits.refusedConnectionMs, () => {
      session.destroy();
    });
    session.once('close', cancel);
    session.close();
  }
}
