import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Time } from '../../ports/time.js';
import { httpLimits } from './limits.js';

interface Known {
  /** Requests that are not answered yet: a client may send several at once. */
  unanswered: number;
  cancel: () => void;
}

/**
 * The connections of HTTP/1.1. Clients that are slow to ask, or to take their answers, are cut: Node's own time-outs for
 * that begin when a server listens, and this one is handed its connections.
 */
export class Http1Connections {
  private readonly open = new Map<Socket, Known>();
  private isClosing = false;

  constructor(private readonly time: Time) {}

  /** Told of a connection before any request on it. */
  begin(socket: Socket): void {
    const known: Known = { unanswered: 0, cancel: () => undefined };
    this.open.set(socket, known);
    socket.once('close', () => {
      known.cancel();
      this.open.delete(socket);
    });
    this.expect(socket, known, httpLimits.headersMs);
  }

  /** Told of every request whose header fields have come. */
  onRequest(socket: Socket, response: ServerResponse): void {
    const known = this.open.get(socket);
    if (known === undefined) return;
    if (this.isClosing) response.setHeader('connection', 'close');
    known.unanswered++;
    this.expect(socket, known, httpLimits.answerMs);
    response.once('close', () => {
      known.unanswered--;
      if (known.unanswered > 0 || !this.open.has(socket)) return;
      if (this.isClosing) socket.destroySoon();
      else this.expect(socket, known, httpLimits.headersMs);
    });
  }

  /** Ends connections without a request now, and others after their answer. */
  close(): void {
    this.isClosing = true;
    for (const [socket, { unanswered }] of this.open) if (unanswered === 0) socket.destroySoon();
  }

  /** Cuts the connection unless something happens in time. */
  private expect(socket: Socket, known: Known, ms: number): void {
    known.cancel();
    known.cancel = this.time.after(ms, () => {
      socket.destroy();
    });
  }
}
