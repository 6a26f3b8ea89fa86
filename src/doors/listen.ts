import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server as PortServer, Socket } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import { RefusedConnections } from '../tls/front.js';
import type { ConnectionRefusal } from '../tls/front.js';
import { plainFront } from '../tls/plain-front.js';
import { tlsFront } from '../tls/tls-front.js';
import type { Transport } from '../tls/transport.js';
import type { MetadataBound } from './metadata-bound.js';

/** Where a server takes connections. */
export interface Listener {
  readonly port: number;
  /** Connections refused since the start, by reason. */
  readonly refused: Readonly<Record<ConnectionRefusal, number>>;
  /** Takes no more connections. */
  close(): void;
}

export interface ListenOptions {
  /** An address, or a name: then each address that it stands for. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Certificates: then clients speak TLS; without, they do not. */
  readonly tls?: Transport | undefined;
  /** What calls may bring before their first request. */
  readonly metadata: MetadataBound;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * Lets the clients of a gRPC server in, with TLS if there are certificates.
 *
 * The ports are not the library's own: those neither count what they refuse, nor bound connections and what has not
 * finished its handshake. It gets each connection when both sides have agreed, and finds the client's certificate on it
 * all the same.
 *
 * @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on
 */
export async function listen(server: Server, options: ListenOptions): Promise<Listener> {
  const { host, port, tls: transport, metadata, time, logger } = options;
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  metadata.watch(server);
  const refused = new RefusedConnections('gRPC', time, logger);
  let open = 0;
  const onSocket = (socket: Socket): void => {
    // Whoever is in stays: a crowd of strangers does not part the clients that are connected already.
    if (open >= limits.grpcConnections) {
      refused.add('CONEXOES', socket);
      socket.destroy();
      return;
    }
    open++;
    socket.once('close', () => open--);
    injector.injectConnection(socket);
  };
  const front =
    transport === undefined
      ? plainFront({ refused, onSocket })
      : tlsFront({ transport, protocols: ['h2'], refused, onSocket });
  const ports = await openPorts(host, port, front.accept);
  for (const opened of ports) {
    opened.on('error', (error) => {
      logger.error({ erro: error.message }, 'gRPC: erro ao aceitar uma conexão');
    });
  }
  return {
    port: portOf(ports[0]),
    refused: refused.counts,
    close: () => {
      for (const opened of ports) opened.close();
      front.cutUnfinished();
    },
  };
}

/** One port on each address of `host`, the same on all; `localhost` is two on most machines, one of which may be off. */
async function openPorts(
  host: string,
  port: number,
  accept: (socket: Socket) => void,
): Promise<[PortServer, ...PortServer[]]> {
  const opened: PortServer[] = [];
  let failed: unknown;
  for (const address of await addressesOf(host)) {
    const chosen = opened[0] === undefined ? port : portOf(opened[0]);
    try {
      opened.push(await openPort(address, chosen, accept));
    } catch (error) {
      failed = error;
      if (codeOf(error) === 'EADDRINUSE') break;
    }
  }
  const [first, ...others] = opened;
  if (first !== undefined && codeOf(failed) !== 'EADDRINUSE') return [first, ...others];
  for (const server of opened) server.close();
  throw listenError(failed, host, port);
}

function openPort(host: string, port: number, accept: (socket: Socket) => void): Promise<PortServer> {
  const server = createServer({ noDelay: true }, accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Two servers on one port would share its connections without a word.
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/** None for a name that nobody knows. */
async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

function portOf(server: PortServer): number {
  return (server.address() as AddressInfo).port;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function listenError(error: unknown, host: string, port: number): KvsError {
  const address = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return new KvsError('PORTA_EM_USO', `a porta já está em uso: ${address}`, { cause: error });
  }
  const why = code === 'EACCES' ? 'sem permissão' : 'endereço inválido ou que não é desta máquina';
  return new KvsError('CONFIGURACAO', `não é possível escutar em ${address}: ${why}`, { cause: error });
}
