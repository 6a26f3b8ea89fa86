import type { Socket } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { RefusedConnections } from '../../security/tls/acceptor.js';
import type { ConnectionRefusal } from '../../security/tls/acceptor.js';
import { openPorts } from '../../security/tls/open-ports.js';
import type { Hosts } from '../../security/tls/open-ports.js';
import { plainFront } from '../../security/tls/plain-acceptor.js';
import { tlsFront } from '../../security/tls/tls-acceptor.js';
import type { Transport } from '../../security/tls/transport.js';
import { CallGate } from './bounds/call-gate.js';
import { Connections } from './bounds/connections.js';
import type { RefusedCalls } from './bounds/refused-calls.js';

/** Where a server accepts connections. */
export interface Listener {
  readonly port: number;
  /** Connections refused since the start, by reason. */
  readonly refused: Readonly<Record<ConnectionRefusal, number>>;
  /** Stops accepting connections. */
  close(): void;
  /** Resolves once all admitted connections are closed. */
  idle(): Promise<void>;
}

interface ListenOptions {
  readonly host: Hosts;
  /** 0 picks a free one. */
  readonly port: number;
  /** With certificates, clients must use TLS; without, they must not. */
  readonly tls?: Transport | undefined;
  /** Told of calls that are refused by their headers. */
  readonly refusedCalls: RefusedCalls;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Accepts the clients of a gRPC server, with TLS if there are certificates.
 *
 * The ports are ours and not the library's: those neither count refusals, nor bound connections and unfinished
 * handshakes. The library gets each connection after its handshake, and still finds the client's certificate on it.
 *
 * @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on
 */
export async function listen(server: Server, options: ListenOptions): Promise<Listener> {
  const { host, port, tls: transport, refusedCalls, time, logger } = options;
  const refused = new RefusedConnections('gRPC', time, logger);
  const connections = new Connections((socket) => {
    refused.add('CONEXOES', socket);
    socket.destroy();
  });
  const gate = new CallGate(refusedCalls, connections);
  gate.prepare(server);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  gate.guard(server);
  const onSocket = (socket: Socket): void => {
    if (connections.enter(socket)) injector.injectConnection(socket);
  };
  const acceptor =
    transport === undefined
      ? plainFront({ refused, onSocket })
      : tlsFront({ transport, protocols: ['h2'], refused, onSocket });
  const ports = await openPorts({
    ...{ host, port, accept: acceptor.accept },
    onError: (error) => {
      logger.error({ erro: error.message }, 'gRPC: erro ao aceitar uma conexão');
    },
  });
  return {
    port: ports.port,
    refused: refused.counts,
    close: () => {
      void ports.close();
      acceptor.cutUnfinished();
    },
    idle: () => connections.idle(),
  };
}
