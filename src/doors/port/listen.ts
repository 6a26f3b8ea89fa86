import type { IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { RefusedConnections } from '../../security/tls/acceptor.js';
import type { ConnectionRefusal } from '../../security/tls/acceptor.js';
import { openPorts } from '../../security/tls/open-ports.js';
import type { Hosts } from '../../security/tls/open-ports.js';
import { plainFront } from '../../security/tls/plain-acceptor.js';
import { tlsFront } from '../../security/tls/tls-acceptor.js';
import type { Transport } from '../../security/tls/transport.js';
import type { Backlog } from './backlog.js';
import { Connections } from './connections.js';
import { Undecided } from './protocol.js';
import type { RefusedCalls } from './refused-calls.js';
import { Sessions } from './sessions.js';
import type { RequestHandler } from './sessions.js';

/** Where a server accepts connections. */
export interface Listener {
  readonly port: number;
  /** Connections refused since the start, by reason. */
  readonly refused: Readonly<Record<ConnectionRefusal, number>>;
  /** How many connections are open. */
  readonly connections: () => number;
  /** Stops accepting connections, and asks clients to go. Resolves once all connections are closed. */
  close(): Promise<void>;
  /** Ends the connections that are still open. */
  cut(): void;
}

interface ListenOptions {
  readonly host: Hosts;
  /** 0 picks a free one. */
  readonly port: number;
  /** With certificates, clients must use TLS; without, they must not. */
  readonly tls?: Transport | undefined;
  /** Serves requests of gRPC. */
  readonly grpc: RequestHandler;
  /** Serves all others. */
  readonly http: HttpHandler;
  /** Told of calls that are refused by their headers. */
  readonly refusedCalls: RefusedCalls;
  readonly backlog: Backlog | undefined;
  readonly maxConnections: number;
  readonly time: Time;
  readonly logger: Logger;
}

/** Serves requests that are not gRPC, by HTTP/2 or HTTP/1.1. */
interface HttpHandler extends RequestHandler {
  /** Speaks HTTP/1.1 with a client. @param onAdmitted called once the client got an answer that is not a refusal */
  accept(socket: Socket, onAdmitted: () => void): void;
  /** Asks the clients of HTTP/1.1 to go. */
  close(): void;
}

/** `application/grpc`, whatever it goes on with. */
const GRPC = 'application/grpc';

/**
 * Accepts the clients of a port, with TLS if there are certificates.
 *
 * @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port, tls: transport, grpc, http, refusedCalls, backlog, time, logger } = options;
  const refused = new RefusedConnections('gRPC e HTTP', time, logger);
  const undecided = new Undecided(time);
  let isClosing = false;
  const connections = new Connections((socket) => {
    refused.add('CONEXOES', socket);
    socket.destroy();
  }, options.maxConnections);
  const handlerOf = (headers: IncomingHttpHeaders): RequestHandler =>
    headers['content-type']?.startsWith(GRPC) === true ? grpc : http;
  const sessions = new Sessions({ handlerOf, refused: refusedCalls, backlog, time });
  const onSocket = (socket: Socket): void => {
    // It came in the very turn of the event loop in which the port was closed.
    if (isClosing) socket.destroy();
    if (isClosing || !connections.enter(socket)) return;
    undecided.decide(socket, (protocol) => {
      const onAdmitted = (): void => {
        connections.admit(socket);
      };
      if (protocol === 'http/1.1') http.accept(socket, onAdmitted);
      else sessions.begin(socket, onAdmitted);
    });
  };
  const acceptor =
    transport === undefined
      ? plainFront({ refused, onSocket })
      : tlsFront({ transport, protocols: ['h2', 'http/1.1'], refused, onSocket });
  const ports = await openPorts({
    ...{ host, port, accept: acceptor.accept },
    onError: (error) => {
      logger.error({ erro: error.message }, 'gRPC e HTTP: erro ao aceitar uma conexão');
    },
  });
  return {
    port: ports.port,
    refused: refused.counts,
    connections: () => connections.size,
    close: () => {
      isClosing = true;
      void ports.close();
      acceptor.cutUnfinished();
      undecided.cut();
      sessions.close();
      http.close();
      return connections.idle();
    },
    cut: () => {
      connections.cut();
    },
  };
}
