import type { ClientValues } from '../../config/client-options.js';
import type { Settings } from '../../config/settings.js';
import type { TlsChoice } from '../../client/security.js';
import { KvsError } from '../../core/errors.js';

/**
 * How a client uses TLS: not at all, unless `--tls` or one of its files is given.
 * @throws KvsError CONFIGURACAO
 */
export function tlsChoice(settings: Settings<ClientValues>): TlsChoice | undefined {
  const choice = {
    ca: settings.value('tls-ca'),
    certificate: settings.value('tls-certificado'),
    key: settings.value('tls-chave'),
    name: settings.value('tls-nome'),
  };
  if (settings.value('tls') || choice.ca !== undefined) return choice;
  const stray =
    settings.given('tls-certificado') ?? settings.given('tls-chave') ?? settings.given('tls-nome');
  // Variables may be meant for a server started in the same shell; an option is meant for this client.
  if (stray === undefined || !stray.place.startsWith('--')) return undefined;
  throw new KvsError('CONFIGURACAO', `${stray.place} só vale com --tls-ca ou --tls: sem eles não há TLS`);
}
