import type { Socket } from 'node:net';
import { tlsLimits } from './limits.js';

/** Connections of one port that have not shown yet what they want, bounded in number. */
export class Unfinished {
  /** By both ends: what comes out of a TLS handshake is another object than what went in. */
  private readonly sockets = new Map<string, Socket>();

  /** @param onOneTooMany gets the oldest one, for it to be closed */
  constructor(private readonly onOneTooMany: (oldest: Socket) => void) {}

  add(socket: Socket): void {
    const ends = endsOf(socket);
    this.sockets.set(ends, socket);
    socket.once('close', () => {
      if (this.sockets.get(ends) === socket) this.sockets.delete(ends);
    });
    if (this.sockets.size <= tlsLimits.handshakes) return;
    // The slowest gives way: whoever means it needs a few milliseconds, and strangers must not keep them out.
    for (const [slowest, oldest] of this.sockets) {
      this.sockets.delete(slowest);
      this.onOneTooMany(oldest);
      return;
    }
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

/** A client may come from one port to each address of this machine. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
