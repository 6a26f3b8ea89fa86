import type { Socket } from 'node:net';
import { BoundedMap } from '../../core/bounded-map.js';
import { tlsLimits } from './limits.js';

/** Connections of one port that have not shown yet what they want, bounded in number. */
export class Unfinished {
  /** By both ends: what comes out of a TLS handshake is another object than what went in. */
  private readonly sockets: BoundedMap<string, Socket>;

  /** @param onOneTooMany gets the oldest one, for it to be closed */
  constructor(onOneTooMany: (oldest: Socket) => void) {
    // The slowest gives way: whoever means it needs a few milliseconds, and strangers must not keep them out.
    this.sockets = new BoundedMap(tlsLimits.handshakes, (_, slowest) => onOneTooMany(slowest));
  }

  add(socket: Socket): void {
    const ends = endsOf(socket);
    this.sockets.put(ends, socket);
    socket.once('close', () => {
      if (this.sockets.get(ends) === socket) this.sockets.delete(ends);
    });
  }

  /** It has shown what it wants. */
  finish(socket: Socket): void {
    this.sockets.delete(endsOf(socket));
  }

  /** Ends them all, of which nobody else knows. */
  cut(): void {
    for (const socket of this.sockets.values()) socket.destroy();
  }
}

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

/** Names a connection, also by another object of it. A client may come from one port to each address of this machine. */
export function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
