import { isIP } from 'node:net';
import { connect, createSecureContext } from 'node:tls';
import type { ConnectionOptions, SecureContextOptions } from 'node:tls';
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { tlsFailureOf } from '../security/tls/failures.js';
import type { TlsFailure } from '../security/tls/failures.js';
import { checkIdentity } from '../security/tls/identity.js';
import { MINIMUM_VERSION, readMaterial } from '../security/tls/material.js';
import type { TlsFiles } from '../security/tls/material.js';
import { probe, spokenAt } from '../security/tls/probe.js';

/** How a client uses TLS. By default servers are checked against the public authorities that Node.js knows. */
export interface TlsChoice extends TlsFiles {
  /** The name that the server's certificate must hold, if not the address. */
  readonly name?: string | undefined;
}

/** What two sides disagree on: TLS, or that one of them does not speak gRPC at all. */
export type Mismatch = TlsFailure | 'SEM_GRPC';

/** How a client connects: plainly, or over TLS. */
export interface ClientSecurity {
  /** For connections to `host`. @param report gets the reason if TLS ended one, `undefined` for each made */
  credentials(host: string, report: (failure: TlsFailure | undefined) => void): ChannelCredentials;
  /** Finds out with a connection of its own why one to this server failed; `undefined`: not because of the protocol. */
  probe(host: string, port: number): Promise<Mismatch | undefined>;
}

/** Connections without TLS. */
export const PLAIN: ClientSecurity = {
  credentials: () => ChannelCredentials.createInsecure(),
  probe: async (host, port) => {
    const spoken = await spokenAt(host, port);
    if (spoken === undefined) return undefined;
    return spoken === 'tls' ? 'EXIGE_TLS' : 'SEM_GRPC';
  },
};

/**
 * Connections over TLS.
 * @throws KvsError CONFIGURACAO if a file is unusable
 */
export async function clientSecurity(choice: TlsChoice | undefined): Promise<ClientSecurity> {
  if (choice === undefined) return PLAIN;
  const { own, ca } = await readMaterial(choice, Date.now());
  const context: SecureContextOptions = {
    ...own,
    ...(ca !== undefined && { ca }),
    minVersion: MINIMUM_VERSION,
  };
  const secureContext = createSecureContext(context);
  const nameOf = (host: string): string => choice.name ?? host;
  return {
    credentials: (host, report) => new TlsCredentials({ secureContext, name: nameOf(host), report }),
    probe: async (host, port) => {
      const end = await probe(host, port, { ...connectionOptions(nameOf(host)), secureContext });
      if (end === 'agreed') return undefined;
      // Not every server says why it leaves; then the last thing it saw is assumed to be why: this side's certificate.
      if (end === 'left') return own === undefined ? 'SEM_CERTIFICADO' : 'CERTIFICADO_RECUSADO';
      return tlsFailureOf(end);
    },
  };
}

interface TlsCredentialsOptions {
  readonly secureContext: ReturnType<typeof createSecureContext>;
  readonly name: string;
  readonly report: (failure: TlsFailure | undefined) => void;
}

/**
 * The library's own credentials hide why a handshake failed, and send an IP address as a server name, which TLS
 * forbids.
 */
class TlsCredentials extends ChannelCredentials {
  constructor(private readonly options: TlsCredentialsOptions) {
    super();
  }

  override compose(): ChannelCredentials {
    throw new Error('credentials of calls travel as metadata');
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    ...[, , callCredentials]: Parameters<ChannelCredentials['_createSecureConnector']>
  ): ReturnType<ChannelCredentials['_createSecureConnector']> {
    const { secureContext, name, report } = this.options;
    return {
      connect: (socket) =>
        new Promise((resolve, reject) => {
          const secured = connect(
            { socket, secureContext, ...connectionOptions(name), ALPNProtocols: ['h2'] },
            () => {
              report(undefined);
              resolve({ socket: secured, secure: true });
            },
          );
          // Also after the handshake seems complete, since a server judges a client certificate only then.
          secured.on('error', (error: Error) => {
            const failure = tlsFailureOf(error);
            if (failure !== undefined) report(failure);
            reject(error);
          });
        }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? CallCredentials.createEmpty(),
      destroy: () => undefined,
    };
  }
}

/** The name is always checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says, but sent only if it is not an IP address. */
function connectionOptions(name: string): ConnectionOptions {
  return {
    ...{ host: name, servername: isIP(name) > 0 ? '' : name },
    ...{ rejectUnauthorized: true, checkServerIdentity: checkIdentity },
  };
}
