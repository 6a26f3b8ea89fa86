import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { BurstLog } from '../bus/burst-log.js';
import { limits } from '../core/limits.js';
import type { Logger } from '../ports/logger.js';
import { TLS_FAILURES, tlsFailureOf } from './failures.js';
import type { TlsFailure } from './failures.js';
import type { Transport } from './transport.js';

export interface TlsServerOptions {
  readonly transport: Transport;
  /** Whose port it is, for the log: `gRPC`, `broker embutido`. */
  readonly name: string;
  /** Protocols to agree on within TLS, such as `h2`; none by default. */
  readonly protocols?: readonly string[];
  readonly logger: Logger;
  /** A client that was let in. */
  readonly onSocket: (socket: TLSSocket) => void;
}

/** A server over TLS, not yet listening, with what it has refused. */
export interface TlsServer {
  readonly server: Server;
  /** Clients refused since the start, by reason. */
  readonly refused: Readonly<Record<TlsFailure, number>>;
  /** Ends the connections that have not agreed yet, of which nobody else knows. */
  readonly cutUnfinished: () => void;
}

/**
 * A server whose clients speak TLS: its handshakes are bounded in number and time, its refusals counted and logged, and
 * it takes up new certificates as they come, for whoever connects from then on.
 */
export function tlsServer(options: TlsServerOptions): TlsServer {
  const { transport, name, protocols, logger, onSocket } = options;
  const refused = Object.fromEntries(TLS_FAILURES.map((failure) => [failure, 0])) as Record<
    TlsFailure,
    number
  >;
  const burst = new BurstLog(transport.time, logger, `conexão TLS recusada (${name})`);
  const refuse = (failure: TlsFailure, socket: Socket): void => {
    refused[failure]++;
    burst.report(failure, socket.remoteAddress ?? 'desconhecido');
    socket.destroy();
  };
  // Never listens itself: it is handed connections one by one, so that those under way can be counted.
  const handshakes = createTlsServer({
    ...transport.serverOptions(),
    ...(protocols && { ALPNProtocols: [...protocols] }),
    handshakeTimeout: limits.tlsHandshakeMs,
  });
  transport.onChange(() => {
    handshakes.setSecureContext(transport.serverOptions());
  });
  /** By peer: what comes out of a handshake is another object than what went in. */
  const unfinished = new Map<string, Socket>();
  handshakes.on('tlsClientError', (error, socket) => {
    // A certificate that is not good ends the connection without an error of its own.
    const failure = tlsFailureOf(error) ?? tlsFailureOf(socket.authorizationError);
    // Whoever only leaves was not refused.
    if (failure !== undefined || !isReset(error)) refuse(failure ?? 'TLS', socket);
  });
  handshakes.on('secureConnection', (socket) => {
    unfinished.delete(peerOf(socket));
    // A client may do without a certificate, unless all must have one; but one that it shows must be good.
    if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) {
      refuse(tlsFailureOf(socket.authorizationError) ?? 'CERTIFICADO_DESCONHECIDO', socket);
      return;
    }
    onSocket(socket);
  });
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = peerOf(socket);
    unfinished.set(peer, socket);
    socket.once('close', () => {
      if (unfinished.get(peer) === socket) unfinished.delete(peer);
    });
    // The slowest gives way: whoever means it needs a few milliseconds, and strangers must not keep them out.
    if (unfinished.size > limits.tlsHandshakes) {
      for (const [slowest, other] of unfinished) {
        unfinished.delete(slowest);
        refuse('APERTO_LENTO', other);
        break;
      }
    }
    handshakes.emit('connection', socket);
  });
  const cutUnfinished = (): void => {
    for (const socket of unfinished.values()) socket.destroy();
  };
  return { server, refused, cutUnfinished };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function isReset(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET';
}
