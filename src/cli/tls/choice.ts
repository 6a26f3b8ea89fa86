import type { Setting } from '../../config/settings.js';
import { badSetting } from '../../config/settings.js';
import type { TlsChoice } from '../../client/security.js';
import { KvsError } from '../../core/errors.js';

const OFF = ['', '0', 'false', 'nao', 'não'];

/**
 * How a client speaks TLS: not at all, unless `--tls` or one of its files is given.
 * @throws KvsError CONFIGURACAO
 */
export function tlsChoice(read: (name: string) => Setting | undefined): TlsChoice | undefined {
  const one = (name: string): string | undefined => {
    const setting = read(name);
    if (setting === undefined) return undefined;
    const [text, ...more] = setting.texts;
    if (text === undefined || text === '' || more.length > 0) {
      throw badSetting(setting.place, setting.texts.join(' '), 'um só nome');
    }
    return text;
  };
  const on = read('tls');
  const wanted = on !== undefined && !OFF.includes(on.texts.join(' ').trim().toLowerCase());
  const choice = {
    ca: one('tls-ca'),
    certificate: one('tls-certificado'),
    key: one('tls-chave'),
    name: one('tls-nome'),
  };
  if (wanted || choice.ca !== undefined) return choice;
  const [stray] = ['tls-certificado', 'tls-chave', 'tls-nome'].map((name) => read(name)).filter(isThere);
  // Variables may be meant for a server that is started in the same shell; an option is meant here.
  if (stray === undefined || !stray.place.startsWith('--')) return undefined;
  throw new KvsError('CONFIGURACAO', `${stray.place} só vale com --tls-ca ou --tls: sem eles não há TLS`);
}

function isThere(setting: Setting | undefined): setting is Setting {
  return setting !== undefined;
}
