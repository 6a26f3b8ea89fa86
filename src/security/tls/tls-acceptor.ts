import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { tlsLimits } from './limits.js';
import { tlsFailureOf } from './failures.js';
import type { TlsFailure } from './failures.js';
import type { Acceptor, RefusedConnections } from './acceptor.js';
import type { Transport } from './transport.js';
import { Unfinished } from './unfinished.js';

interface TlsFrontOptions {
  readonly transport: Transport;
  /** Protocols to agree on within TLS, such as `h2`; none by default. */
  readonly protocols?: readonly string[];
  readonly refused: RefusedConnections;
  /** Called with an admitted client. */
  readonly onSocket: (socket: TLSSocket) => void;
}

/**
 * Admits clients that speak TLS. Handshakes are bounded in number and time, refusals are counted and logged, and
 * reloaded certificates apply to new connections.
 */
export function tlsFront({ transport, protocols, refused, onSocket }: TlsFrontOptions): Acceptor {
  const refuse = (failure: TlsFailure, socket: Socket): void => {
    refused.add(failure, socket);
    socket.destroy();
  };
  // Never listens itself: it is handed connections one by one, so that unfinished ones can be counted.
  const handshakes = createServer({
    ...transport.serverOptions(),
    ...(protocols && { ALPNProtocols: [...protocols] }),
    handshakeTimeout: tlsLimits.handshakeMs,
  });
  transport.onChange(() => {
    handshakes.setSecureContext(transport.serverOptions());
  });
  const unfinished = new Unfinished((oldest) => {
    refuse('APERTO_LENTO', oldest);
  });
  handshakes.on('tlsClientError', (error, socket) => {
    // An invalid certificate ends the connection without an error of its own.
    const failure = tlsFailureOf(error) ?? tlsFailureOf(socket.authorizationError);
    // A client that merely left was not refused.
    if (failure !== undefined || !isReset(error)) refuse(failure ?? 'TLS', socket);
  });
  handshakes.on('secureConnection', (socket) => {
    unfinished.finish(socket);
    // A client may show no certificate unless one is required, but one that it shows must be valid.
    if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) {
      refuse(tlsFailureOf(socket.authorizationError) ?? 'CERTIFICADO_DESCONHECIDO', socket);
      return;
    }
    onSocket(socket);
  });
  return {
    accept: (socket) => {
      unfinished.add(socket);
      handshakes.emit('connection', socket);
    },
    cutUnfinished: () => {
      unfinished.cut();
    },
  };
}

function isReset(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET';
}
