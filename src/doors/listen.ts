import { ServerCredentials } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import type { AddressInfo, Server as SocketServer } from 'node:net';
import { KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';
import type { TlsFailure } from '../tls/failures.js';
import { tlsServer } from '../tls/tls-server.js';
import type { Transport } from '../tls/transport.js';

/** Where a server takes connections. */
export interface Listener {
  readonly port: number;
  /** Clients refused for their TLS, by reason. */
  readonly refused: Readonly<Partial<Record<TlsFailure, number>>>;
  /** Takes no more connections. */
  close(): void;
}

/**
 * Lets the clients of a gRPC server in, with TLS if there are certificates.
 *
 * With TLS the handshake is not the library's: it neither counts what it refuses nor bounds what has not finished. It
 * gets each connection when both sides have agreed, and finds the client's certificate on it all the same.
 *
 * @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on
 */
export async function listen(
  server: Server,
  host: string,
  options: { readonly port: number; readonly tls?: Transport | undefined; readonly logger: Logger },
): Promise<Listener> {
  const { port, tls: transport, logger } = options;
  if (transport === undefined) {
    return { port: await listenPlain(server, host, port), refused: {}, close: () => undefined };
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const front = tlsServer({
    ...{ transport, name: 'gRPC', protocols: ['h2'], logger },
    onSocket: (socket) => {
      injector.injectConnection(socket);
    },
  });
  await listenTls(front.server, host, port);
  return {
    port: (front.server.address() as AddressInfo).port,
    refused: front.refused,
    close: () => {
      front.server.close();
      front.cutUnfinished();
    },
  };
}

function listenPlain(server: Server, host: string, port: number): Promise<number> {
  const address = addressText(host, port);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(listenError(error, address));
    });
  });
}

function listenTls(server: SocketServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      reject(listenError(error, addressText(host, port)));
    };
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function addressText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function listenError(error: Error, address: string): KvsError {
  if (error.message.includes('EADDRINUSE')) {
    return new KvsError('PORTA_EM_USO', `a porta já está em uso: ${address}`, { cause: error });
  }
  const why = error.message.includes('EACCES')
    ? 'sem permissão'
    : 'endereço inválido ou que não é desta máquina';
  return new KvsError('CONFIGURACAO', `não é possível escutar em ${address}: ${why}`, { cause: error });
}
