import { KvsError } from '../core/errors.js';
import type { TlsFiles } from '../security/tls/material.js';
import { onlyText } from './parse.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

/** What a server speaks TLS with. */
export interface TlsConfig extends TlsFiles {
  /** Clients without a certificate of the authority are refused. */
  readonly requiresClient: boolean;
}

export const TLS_OPTIONS = ['tls-certificado', 'tls-chave', 'tls-ca', 'tls-exige-cliente'] as const;

/**
 * The settings of TLS.
 * @returns `undefined` if there are none: then nothing speaks TLS, but for brokers that the system's authorities vouch for
 * @throws KvsError CONFIGURACAO if they do not fit together
 */
export function tlsConfig(
  read: (name: (typeof TLS_OPTIONS)[number]) => Setting | undefined,
): TlsConfig | undefined {
  const file = (name: (typeof TLS_OPTIONS)[number]): string | undefined => {
    const setting = read(name);
    if (setting === undefined) return undefined;
    const text = onlyText(setting);
    if (text === '') throw badSetting(setting.place, text, 'o nome de um arquivo');
    return text;
  };
  const [certificate, key, ca] = [file('tls-certificado'), file('tls-chave'), file('tls-ca')];
  const required = read('tls-exige-cliente');
  const requiresClient = required !== undefined && parseYesNo(required);
  if ((certificate === undefined) !== (key === undefined)) {
    throw new KvsError(
      'CONFIGURACAO',
      '--tls-certificado e --tls-chave só valem juntos: diga os dois arquivos',
    );
  }
  if (required !== undefined && requiresClient && (certificate === undefined || ca === undefined)) {
    throw new KvsError(
      'CONFIGURACAO',
      `${required.place} pede também --tls-certificado, --tls-chave e --tls-ca: sem eles não há como conferir clientes`,
    );
  }
  if (certificate === undefined && ca === undefined) return undefined;
  return Object.freeze({ certificate, key, ca, requiresClient });
}

function parseYesNo({ texts, place }: Setting): boolean {
  const text = texts.join(' ').trim().toLowerCase();
  if (['sim', '1', 'true'].includes(text)) return true;
  if (['nao', 'não', '0', 'false'].includes(text)) return false;
  throw badSetting(place, text, 'sim ou nao');
}
