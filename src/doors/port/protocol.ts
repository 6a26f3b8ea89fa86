import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Time } from '../../ports/time.js';
import { tlsLimits } from '../../security/tls/limits.js';

type Protocol = 'h2' | 'http/1.1';

/** What a client of HTTP/2 begins with (RFC 9113, 3.4): no method of HTTP/1.1 begins so. */
const PREFACE = Buffer.from('PRI');

/** Clients of one port of which it is not known yet which protocol they speak. */
export class Undecided {
  private readonly waiting = new Set<Socket>();

  constructor(private readonly time: Time) {}

  /**
   * Finds out which protocol a client speaks: as agreed in its TLS handshake, or by its first bytes. No byte is lost. A
   * client that sends too few of them is cut.
   * @param next called once, unless the client leaves before
   */
  decide(socket: Socket, next: (protocol: Protocol) => void): void {
    if (socket instanceof TLSSocket && socket.alpnProtocol === 'h2') {
      next('h2');
      return;
    }
    const leave = (): void => {
      socket.destroy();
    };
    const cancel = this.time.after(tlsLimits.handshakeMs, leave);
    const onClose = (): void => {
      cancel();
      this.waiting.delete(socket);
    };
    this.waiting.add(socket);
    socket.on('error', leave).once('close', onClose);
    let first: Buffer = Buffer.alloc(0);
    const onReadable = (): void => {
      const came = socket.read() as Buffer | null;
      if (came === null) return;
      first = first.length === 0 ? came : Buffer.concat([first, came]);
      const known = first.subarray(0, PREFACE.length);
      const isPreface = PREFACE.subarray(0, known.length).equals(known);
      if (isPreface && known.length < PREFACE.length) return;
      cancel();
      socket.off('readable', onReadable);
      socket.unshift(first);
      // Only in the next tick does the stream know that it has no reader, and tell the next one of waiting data.
      process.nextTick(() => {
        this.waiting.delete(socket);
        socket.off('error', leave).off('close', onClose);
        if (!socket.destroyed) next(isPreface ? 'h2' : 'http/1.1');
      });
    };
    socket.on('readable', onReadable);
  }

  /** Ends them all: no request has begun. */
  cut(): void {
    for (const socket of this.waiting) socket.destroy();
  }
}
