import type { TlsConfig } from '../config/tls-config.js';
import type { Logger } from '../ports/logger.js';
import { Transport } from '../security/tls/transport.js';
import { onReload } from './reload.js';
import { systemTime } from './system-time.js';

/**
 * Reads the certificates, and reads them again at SIGHUP.
 * @returns `undefined` without TLS settings
 * @throws KvsError CONFIGURACAO if the files are missing or invalid
 */
export async function openTransport(
  config: TlsConfig | undefined,
  logger: Logger,
): Promise<Transport | undefined> {
  if (config === undefined) return undefined;
  const transport = await Transport.open(config, config.requiresClient, systemTime, logger);
  onReload('certificados', () => transport.reload());
  return transport;
}

/** The transport if it has a certificate to present; `undefined`: the doors stay without TLS. */
export function servingTransport(transport: Transport | undefined): Transport | undefined {
  return transport?.canServe === true ? transport : undefined;
}
