import type { Socket } from 'node:net';
import { BurstLog } from '../../ports/burst-log.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { TLS_FAILURES } from './failures.js';
import type { TlsFailure } from './failures.js';

/** Why a connection was not let in: what is wrong with its TLS, or that there are too many. */
export type ConnectionRefusal = TlsFailure | 'CONEXOES';

/** What stands before a server: it lets connections in one by one, and counts those that it refuses. */
export interface Acceptor {
  /** Takes a connection that a port has accepted. */
  readonly accept: (socket: Socket) => void;
  /** Ends the connections that are neither in nor refused yet, of which nobody else knows. */
  readonly cutUnfinished: () => void;
}

/** Connections that were refused to one server since its start: counted by reason, and summed up in the log. */
export class RefusedConnections {
  readonly counts: Record<ConnectionRefusal, number>;
  private readonly burst: BurstLog;

  /** @param name whose port it is, for the log: `gRPC`, `broker embutido` */
  constructor(name: string, time: Time, logger: Logger) {
    const reasons: readonly ConnectionRefusal[] = [...TLS_FAILURES, 'CONEXOES'];
    this.counts = Object.fromEntries(reasons.map((reason) => [reason, 0])) as Record<
      ConnectionRefusal,
      number
    >;
    this.burst = new BurstLog(time, logger, `conexão recusada (${name})`);
  }

  add(reason: ConnectionRefusal, { remoteAddress }: Socket): void {
    this.counts[reason]++;
    this.burst.report(reason, remoteAddress ?? 'desconhecido');
  }
}
