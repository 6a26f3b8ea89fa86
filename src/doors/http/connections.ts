import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Time } from '../../ports/time.js';
import { httpLimits } from './limits.js';

/**
 * What a client owes its server: to take more of its answer; the rest of a body; more of a body whose answer has
 * begun, which it may send as slowly as it likes; nothing, so that the server owes the answer.
 */
export type ClientDebt = 'reading' | 'body' | 'more' | 'nothing';

interface Known {
  /** Requests that are not answered yet: a client may send several at once. */
  unanswered: number;
  cancel: () => void;
  end: () => void;
  /** Bytes that had moved at the last look. */
  moved: number;
}

/**
 * The connections of HTTP/1.1. Clients that are slow to ask, or to take their answers, are cut: Node's own time-outs for
 * that begin when a server listens, and this one is handed its connections.
 */
export class Http1Connections {
  private readonly open = new Map<Duplex, Known>();
  private isClosing = false;

  constructor(private readonly time: Time) {}

  /** Told of a connection before any request on it. */
  begin(socket: Socket): void {
    const end = (): void => {
      socket.destroySoon();
    };
    const known: Known = { unanswered: 0, cancel: () => undefined, end, moved: 0 };
    this.open.set(socket, known);
    socket.once('close', () => {
      known.cancel();
      this.open.delete(socket);
    });
    this.expectRequest(socket, known);
  }

  /** Told of every request whose header fields have come. @param debtNow what its client owes, whenever it is asked */
  onRequest(socket: Socket, response: ServerResponse, debtNow: () => ClientDebt): void {
    const known = this.open.get(socket);
    if (known === undefined) return;
    if (this.isClosing) response.shouldKeepAlive = false;
    known.unanswered++;
    this.expectProgress(socket, known, debtNow);
    response.once('close', () => {
      known.unanswered--;
      if (known.unanswered > 0 || !this.open.has(socket)) return;
      if (this.isClosing) socket.destroySoon();
      else this.expectRequest(socket, known);
    });
  }

  /** Whether requests of this connection are not answered yet. */
  owesAnswers(socket: Duplex): boolean {
    return (this.open.get(socket)?.unanswered ?? 0) > 0;
  }

  /** Ends connections without a request now, and others after their answer. */
  close(): void {
    this.isClosing = true;
    for (const { unanswered, end } of this.open.values()) if (unanswered === 0) end();
  }

  private expectRequest(socket: Socket, known: Known): void {
    known.cancel();
    known.cancel = this.time.after(httpLimits.headersMs, () => {
      socket.destroy();
    });
  }

  /** Looks now and then whether the client does what it owes. */
  private expectProgress(socket: Socket, known: Known, debtNow: () => ClientDebt): void {
    known.cancel();
    known.moved = movedBytes(socket);
    known.cancel = this.time.after(httpLimits.answerMs, () => {
      const moved = movedBytes(socket) - known.moved;
      const isSlow = moved < LEAST_MOVED[debtNow()];
      if (isSlow) socket.destroy();
      else this.expectProgress(socket, known, debtNow);
    });
  }
}

/** Bytes that must move within `answerMs`, by what the client owes. */
const LEAST_MOVED: Readonly<Record<ClientDebt, number>> = {
  reading: httpLimits.progressBytes,
  body: httpLimits.progressBytes,
  more: 1,
  nothing: 0,
};

/** Bytes that came from the client or went to it. */
function movedBytes(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}
