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

/** How a client speaks TLS. Without an authority, the public ones that Node.js knows vouch for servers. */
export interface TlsChoice extends TlsFiles {
  /** The name that the server's certificate must hold, if it is not the address. */
  readonly name?: string | undefined;
}

/** What two sides do not agree on: TLS, or that one of them does not speak gRPC at all. */
export type Mismatch = TlsFailure | 'SEM_GRPC';

/** How a client connects: plainly, or over TLS. */
export interface ClientSecurity {
  /** For connections to `host`. @param report hears why one ended, if TLS is the reason, and `undefined` of each that came about */
  credentials(host: string, report: (failure: TlsFailure | undefined) => void): ChannelCredentials;
  /** Looks with a connection of its own why one to this server did not come about; `undefined`: not because of that. */
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
 * @throws KvsError CONFIGURACAO if a file does not serve
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
      // Not every server says why it leaves; without another reason it is what it learned last.
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
 * The library's own credentials keep to themselves why a handshake failed, and send an IP address as a server name,
 * which TLS forbids.
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
          // Also after both sides seem to have agreed: a server's verdict on a certificate comes after that.
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

/** The name is checked in either case, whatever NODE_TLS_REJECT_UNAUTHORIZED says; it is sent only where it is a name. */
function connectionOptions(name: string): ConnectionOptions {
  return {
    ...{ host: name, servername: isIP(name) > 0 ? '' : name },
    ...{ rejectUnauthorized: true, checkServerIdentity: checkIdentity },
  };
}
