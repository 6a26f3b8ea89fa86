import type { Socket } from 'node:net';
import { limits } from '../core/limits.js';

/** Connections of one port that have not shown yet what they want, bounded in number. */
export class Unfinished {
  /** By peer: what comes out of a TLS handshake is another object than what went in. */
  private readonly sockets = new Map<string, Socket>();

  /** @param onOneTooMany gets the oldest one, for it to be closed */
  constructor(private readonly onOneTooMany: (oldest: Socket) => void) {}

  add(socket: Socket): void {
    const peer = peerOf(socket);
    this.sockets.set(peer, socket);
    socket.once('close', () => {
      if (this.sockets.get(peer) === socket) this.sockets.delete(peer);
    });
    if (this.sockets.size <= limits.handshakes) return;
    // The slowest gives way: whoever means it needs a few milliseconds, and strangers must not keep them out.
    for (const [slowest, oldest] of this.sockets) {
      this.sockets.delete(slowest);
      this.onOneTooMany(oldest);
      return;
    }
  }

  /** It has shown what it wants. */
  finish(socket: Socket): void {
    this.sockets.delete(peerOf(socket));
  }

  /** Ends them all, of which nobody else knows. */
  cut(): void {
    for (const socket of this.sockets.values()) socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
