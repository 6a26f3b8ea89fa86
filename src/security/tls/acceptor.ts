import type { Socket } from 'node:net';
import { BurstLog } from '../../ports/burst-log.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { TLS_FAILURES } from './failures.js';
import type { TlsFailure } from './failures.js';

/** Why a connection was refused: a problem with its TLS, or too many connections. */
export type ConnectionRefusal = TlsFailure | 'CONEXOES';

/** Stands in front of a server: admits connections one by one, and counts the refused ones. */
export interface Acceptor {
  /** Handles a connection that a port has accepted. */
  readonly accept: (socket: Socket) => void;
  /** Ends the connections that are neither admitted nor refused yet. */
  readonly cutUnfinished: () => void;
}

/** Connections refused by one server since its start, counted by reason and summed up in the log. */
export class RefusedConnections {
  readonly counts: Record<ConnectionRefusal, number>;
  private readonly burst: BurstLog;

  /** @param name of the owner of the port, for the log: `gRPC e HTTP`, `broker embutido` */
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
