import type { Socket } from 'node:net';
import { BoundedMap } from '../../core/bounded-map.js';
import { tlsLimits } from './limits.js';

/** Connections of one port before their handshake or first byte, bounded in number. */
export class Unfinished {
  /** Keyed by both endpoints: the socket after a TLS handshake is another object than the one before. */
  private readonly sockets: BoundedMap<string, Socket>;

  /** @param onOneTooMany gets the oldest one and closes it */
  constructor(onOneTooMany: (oldest: Socket) => void) {
    // The oldest gives way: an honest client needs a few milliseconds, and strangers must not keep it out.
    this.sockets = new BoundedMap(tlsLimits.handshakes, (_, slowest) => onOneTooMany(slowest));
  }

  add(socket: Socket): void {
    const ends = endsOf(socket);
    this.sockets.put(ends, socket);
    socket.once('close', () => {
      if (this.sockets.get(ends) === socket) this.sockets.delete(ends);
    });
  }

  /** The connection got past this stage. */
  finish(socket: Socket): void {
    this.sockets.delete(endsOf(socket));
  }

  /** Ends them all; they are registered nowhere else. */
  cut(): void {
    for (const socket of this.sockets.values()) socket.destroy();
  }
}

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

/** Identifies a connection across socket objects. A client may use one port for several of our addresses. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
