import type { Socket } from 'node:net';
import { tlsLimits } from './limits.js';
import { beginsTls } from './failures.js';
import type { Acceptor, RefusedConnections } from './acceptor.js';
import { Unfinished } from './unfinished.js';

/** For whoever speaks TLS here. To a client of TLS it is noise, which it takes for what it is: no TLS. */
const ANSWER =
  'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\nesta porta fala sem TLS\n';

interface PlainFrontOptions {
  readonly refused: RefusedConnections;
  /** A client that was let in; nothing of what it has said is lost. */
  readonly onSocket: (socket: Socket) => void;
  /** The first byte of whoever speaks what is spoken here; others are cut off at once. Absent: any. */
  readonly firstByte?: number;
}

/**
 * Lets in clients that speak without TLS, by their first byte: those that begin a TLS handshake would only be taken for
 * noise further on, and nobody would know. Clients that say nothing are bounded in number and time.
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
      // All that has come, or the first piece of it: how much one `read` gives differs between versions of Node.js.
      const came = socket.read() as Buffer | null;
      // It has left without a word.
      if (came === null) return;
      if (beginsTls(came[0])) {
        refused.add('EXIGE_TLS', socket);
        // Read to its end, or the answer would be lost with what has not been read.
        socket.off('timeout', onTimeout).setTimeout(tlsLimits.handshakeMs, onError);
        socket.resume().end(ANSWER);
        return;
      }
      unfinished.finish(socket);
      if (firstByte !== undefined && came[0] !== firstByte) {
        socket.destroy();
        return;
      }
      // Whole pieces go back whole: whoever reads next finds them as they came.
      socket.unshift(came);
      socket.off('timeout', onTimeout).setTimeout(0);
      // Only then does a stream know that nobody listens any more, and tell the next one who does what is there.
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
