import { lookup } from 'node:dns/promises';
import { createServer, isIP } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { KvsError } from '../../core/errors.js';
import { hostPortText } from '../../core/host-port.js';

/**
 * Where a port is opened by default: clients reach it by IPv4 and by IPv6, but only from this machine. The first one is
 * announced to people and peers.
 */
export const LOOPBACKS: readonly [string, string] = Object.freeze(['127.0.0.1', '::1']);

/** An address, a name (for all its addresses), or several of them. */
export type Hosts = string | readonly string[];

interface OpenPortsOptions {
  readonly host: Hosts;
  /** The same on each address; 0 picks one that is free on all of them. */
  readonly port: number;
  /** Called with connections, but not before every address is open. */
  readonly accept: (socket: Socket) => void;
  /** As in `node:net`. */
  readonly allowHalfOpen?: boolean;
  /** Called with errors after the start. */
  readonly onError: (error: Error) => void;
}

/** A port that is open on one address or more. */
export interface OpenPorts {
  readonly port: number;
  /** Stops accepting connections. Resolves when the last accepted one has ended. Idempotent. */
  close(): Promise<void>;
}

/** Tries to find a free port: the one that the system chose on one address may be taken on another. */
const ATTEMPTS = 20;

/**
 * Opens one port on each address of `host`, the same on all. An address that this machine lacks (IPv6 may be off, and
 * `localhost` stands for both) is left out if there is another. A port that is taken on one address counts as taken.
 *
 * Of several processes that want the same addresses in the same order, the one that opens the first address wins. The
 * others close what they have opened, and have admitted nobody.
 *
 * @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on; the `cause` is the system's
 */
export async function openPorts(options: OpenPortsOptions): Promise<OpenPorts> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(options);
    } catch (error) {
      const again = options.port === 0 && KvsError.from(error).code === 'PORTA_EM_USO' && attempt < ATTEMPTS;
      if (!again) throw error;
    }
  }
}

/** A port that is free now on every address of `host`. @throws KvsError as {@link openPorts} */
export async function freePort(host: Hosts): Promise<number> {
  const opened = await openPorts({
    ...{ host, port: 0, onError: () => undefined },
    accept: (socket) => socket.destroy(),
  });
  await opened.close();
  return opened.port;
}

async function openOnce({
  host,
  port,
  accept,
  allowHalfOpen = false,
  onError,
}: OpenPortsOptions): Promise<OpenPorts> {
  const early = new EarlyConnections(accept);
  const servers: Server[] = [];
  const failures: ListenFailure[] = [];
  for (const address of await addressesOf(host)) {
    const server = createServer({ noDelay: true, allowHalfOpen }, early.take);
    try {
      await listen(server, address, servers[0] === undefined ? port : portOf(servers[0]));
      servers.push(server);
    } catch (error) {
      failures.push({ address, error });
      if (codeOf(error) === 'EADDRINUSE') break;
    }
  }
  const [first] = servers;
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  const taken = failures.find(({ error }) => codeOf(error) === 'EADDRINUSE');
  if (first === undefined || taken !== undefined) {
    early.refuse();
    await close();
    throw listenError(taken ?? failures[0] ?? { address: saidHost(host), error: undefined }, port);
  }
  for (const server of servers) server.on('error', onError);
  // Read now, since it is needed even after the port is closed.
  const opened = portOf(first);
  early.admit();
  return { port: opened, close };
}

/** Holds connections until all addresses are open, since they may have to be closed again. */
class EarlyConnections {
  private state: 'waiting' | 'admitted' | 'refused' = 'waiting';
  private readonly waiting: Socket[] = [];

  constructor(private readonly accept: (socket: Socket) => void) {}

  readonly take = (socket: Socket): void => {
    if (this.state === 'admitted') this.accept(socket);
    else if (this.state === 'refused') socket.destroy();
    else this.waiting.push(socket.on('error', ignore));
  };

  admit(): void {
    this.state = 'admitted';
    for (const socket of this.waiting.splice(0)) {
      if (!socket.destroyed) this.accept(socket.off('error', ignore));
    }
  }

  refuse(): void {
    this.state = 'refused';
    for (const socket of this.waiting.splice(0)) socket.destroy();
  }
}

function ignore(): void {
  // A connection that broke while it waited is not admitted.
}

interface ListenFailure {
  readonly address: string;
  readonly error: unknown;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Otherwise two servers could silently share the connections of one port.
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** IPv4 first, so that everyone asks in the same order; none for an unknown name. */
async function addressesOf(host: Hosts): Promise<readonly string[]> {
  const found = await Promise.all(
    [host].flat().map(async (name) => {
      try {
        return (await lookup(name, { all: true })).map(({ address }) => address);
      } catch {
        return [];
      }
    }),
  );
  return [...new Set(found.flat())].sort((one, other) => isIP(one) - isIP(other));
}

/** The host that is announced to people and peers. */
export function saidHost(host: Hosts): string {
  return [host].flat()[0] ?? '';
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function listenError({ address: host, error }: ListenFailure, port: number): KvsError {
  const address = hostPortText(host, port);
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return new KvsError('PORTA_EM_USO', `a porta já está em uso: ${address}`, { cause: error });
  }
  const why = code === 'EACCES' ? 'sem permissão' : 'endereço inválido ou que não é desta máquina';
  return new KvsError('CONFIGURACAO', `não é possível escutar em ${address}: ${why}`, { cause: error });
}
