import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { Pair } from './certificates.js';

/** A pair as Node.js takes it. */
export function pem({ certificate, key }: Pair): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

/** A server of somebody else, which shakes hands and then only listens; or one without TLS, which only listens. */
export class SilentServer {
  private constructor(
    private readonly server: Server,
    private readonly sockets: Set<Socket>,
    readonly port: number,
  ) {}

  static async start(
    shown: Pair | undefined,
    more: { readonly maxVersion?: 'TLSv1.2' } = {},
  ): Promise<SilentServer> {
    const server =
      shown === undefined
        ? createPlainServer()
        : createServer({ ...pem(shown), ALPNProtocols: ['h2'], ...more });
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('data', () => undefined);
      // What is not TLS is refused as whoever speaks something else refuses it: by an answer that makes no sense.
      if (shown === undefined) socket.write('220 ola\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SilentServer(server, sockets, (server.address() as AddressInfo).port);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** How a handshake with a server of this machine went. */
export interface Greeting {
  /** Of the server's certificate. */
  readonly serial: string | undefined;
  readonly protocol: string | null;
  /** Why it ended within `holdMs`; `undefined`: it holds. */
  readonly error: string | undefined;
}

/** Shakes hands, and then waits whether the server keeps the connection. */
export function greet(port: number, options: ConnectionOptions, holdMs = 500): Promise<Greeting> {
  return new Promise((resolve) => {
    let serial: string | undefined;
    let protocol: string | null = null;
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['h2'], ...options });
    const end = (error: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ serial, protocol, error });
    };
    const timer = setTimeout(end, holdMs, undefined);
    socket.once('secureConnect', () => {
      serial = socket.getPeerCertificate().serialNumber;
      protocol = socket.getProtocol();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      end(error.code ?? error.message);
    });
    socket.once('close', () => {
      end('closed');
    });
  });
}
