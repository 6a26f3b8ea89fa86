import { KvsError } from '../core/errors.js';
import type { TlsFiles } from '../security/tls/material.js';
import type { ServerValues } from './server-options.js';
import type { Settings } from './settings.js';

/** The TLS settings of a server. */
export interface TlsConfig extends TlsFiles {
  /** Whether clients without a certificate of the authority are refused. */
  readonly requiresClient: boolean;
}

/**
 * Reads the TLS settings.
 * @returns `undefined` if there are none: then only brokers trusted by the system's authorities use TLS
 * @throws KvsError CONFIGURACAO if they do not fit together
 */
export function tlsConfig(settings: Settings<ServerValues>): TlsConfig | undefined {
  const certificate = settings.value('tls-certificado');
  const key = settings.value('tls-chave');
  const ca = settings.value('tls-ca');
  const requiresClient = settings.value('tls-exige-cliente');
  if ((certificate === undefined) !== (key === undefined)) {
    throw new KvsError(
      'CONFIGURACAO',
      '--tls-certificado e --tls-chave só valem juntos: diga os dois arquivos',
    );
  }
  if (requiresClient && (certificate === undefined || ca === undefined)) {
    const place = settings.given('tls-exige-cliente')?.place ?? '';
    throw new KvsError(
      'CONFIGURACAO',
      `${place} pede também --tls-certificado, --tls-chave e --tls-ca: sem eles não há como conferir clientes`,
    );
  }
  if (certificate === undefined && ca === undefined) return undefined;
  return Object.freeze({ certificate, key, ca, requiresClient });
}
