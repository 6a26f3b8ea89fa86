import type { Socket } from 'node:net';
import { tlsLimits } from './limits.js';
import { beginsTls } from './failures.js';
import type { Acceptor, RefusedConnections } from './acceptor.js';
import { Unfinished } from './unfinished.js';

/** Answer to a TLS client. It is not a TLS record, from which the client sees that there is no TLS here. */
const ANSWER =
  'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\nesta porta fala sem TLS\n';

interface PlainFrontOptions {
  readonly refused: RefusedConnections;
  /** Called with an admitted client; no byte that it has sent is lost. */
  readonly onSocket: (socket: Socket) => void;
  /** The first byte of the expected protocol; other clients are cut off at once. Absent: any. */
  readonly firstByte?: number;
}

/**
 * Admits clients without TLS by their first byte: further on, a TLS handshake would only look like garbage,
 * unexplained. Silent clients are bounded in number and time.
 */
export function plainFront({ refused, onSocket, firstByte }: PlainFrontOptions): Acceptor {
  const unfinished = new Unfinished((oldest) => {
    refused.add('APERTO_LENTO', oldest);
    oldest.destroy();
  });
  const accept = (socket: Socket): void => {
    unfinished.add(socket);
    const onError = (): void => {
      socket.destroy();
    };
    const onTimeout = (): void => {
      refused.add('APERTO_LENTO', socket);
      socket.destroy();
    };
    socket.on('error', onError);
    socket.setTimeout(tlsLimits.handshakeMs, onTimeout);
    socket.once('readable', () => {
      // All data so far, or its first piece: how much one `read` gives differs between versions of Node.js.
      const came = socket.read() as Buffer | null;
      // The client closed without sending anything.
      if (came === null) return;
      if (beginsTls(came[0])) {
        refused.add('EXIGE_TLS', socket);
        // Unread data would make the answer get lost, so the rest is read.
        socket.off('timeout', onTimeout).setTimeout(tlsLimits.handshakeMs, onError);
        socket.resume().end(ANSWER);
        return;
      }
      unfinished.finish(socket);
      if (firstByte !== undefined && came[0] !== firstByte) {
        socket.destroy();
        return;
      }
      // Whole pieces go back whole, so that the next reader gets them as they came.
      socket.unshift(came);
      socket.off('timeout', onTimeout).setTimeout(0);
      // Only in the next tick does the stream know that it has no reader, and tell the next one of waiting data.
      process.nextTick(() => {
        socket.off('error', onError);
        if (!socket.destroyed) onSocket(socket);
      });
    });
  };
  return {
    accept,
    cutUnfinished: () => {
      unfinished.cut();
    },
  };
}
