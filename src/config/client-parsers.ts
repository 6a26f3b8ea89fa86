import { KvsError } from '../core/errors.js';
import { listedTexts, onlyText, parseHost, parseHostPort, parsePort } from './parse.js';
import type { HostPort } from './parse.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

/** A server as `--endereco` names it; `port` is absent if not given. */
interface ServerPlace {
  readonly host: string;
  readonly port: number | undefined;
}

const EXAMPLE = '127.0.0.1:9000';

/** @throws KvsError CONFIGURACAO */
export function parseServerPlace(text: string, place: string): ServerPlace {
  if (/^(\[.*\]|[^:]+):\d+$/.test(text)) return parseHostPort(text, place, EXAMPLE);
  return { host: parseHost(text, place), port: undefined };
}

/** Ports of servers, at least one. @throws KvsError CONFIGURACAO */
export function parseServerPorts(setting: Setting): readonly number[] {
  const texts = listedTexts(setting);
  if (texts.length === 0) throw badSetting(setting.place, '', 'um número de porta');
  return texts.map((text) => {
    const port = parsePort(text, setting.place);
    if (port === 0) throw badSetting(setting.place, text, 'a porta em que o servidor atende, de 1 a 65535');
    return port;
  });
}

/** Servers, at least one. @throws KvsError CONFIGURACAO */
export function parseServerList(setting: Setting): readonly HostPort[] {
  const texts = listedTexts(setting);
  if (texts.length === 0) throw badSetting(setting.place, '', `endereços como ${EXAMPLE}`);
  return texts.map((text) => parseHostPort(text, setting.place, EXAMPLE));
}

/** Text that looks like a token, even a mistyped one; `kvs_maria.token` is a file name. */
const LIKE_TOKEN = /kvs_[^/]*\.[\w-]{20,}/i;

/**
 * The name of a file that holds a token.
 * @throws KvsError CONFIGURACAO, which does not quote it, if the value is a token itself
 */
export function parseTokenFile(setting: Setting): string {
  for (const text of setting.texts) {
    if (text !== '' && !LIKE_TOKEN.test(text)) continue;
    throw new KvsError(
      'CONFIGURACAO',
      `${setting.place} diz o nome do arquivo em que está o token, não o próprio token: na linha de comando outros o veriam`,
    );
  }
  return onlyText(setting);
}

/** The only name of a file or server. @throws KvsError CONFIGURACAO */
export function onlyName({ texts, place }: Setting): string {
  const [text, ...more] = texts;
  if (text === undefined || text === '' || more.length > 0) {
    throw badSetting(place, texts.join(' '), 'um só nome');
  }
  return text;
}

/** Names and addresses of a server, for its certificate. @throws KvsError CONFIGURACAO */
export function parseHosts(setting: Setting): readonly string[] {
  const texts = listedTexts(setting);
  if (texts.length === 0) throw badSetting(setting.place, '', 'um nome ou endereço');
  return texts.map((text) => parseHost(text, setting.place));
}

/** Names of clients, which become parts of file names. @throws KvsError CONFIGURACAO */
export function parseClientNames({ texts, place }: Setting): readonly string[] {
  return texts.map((text) => {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
    throw badSetting(place, text, 'de 1 a 64 letras sem acento, dígitos, ".", "-" ou "_"');
  });
}

/** Fields of a `Mensagem`, by our names. */
const MENSAGEM_FIELDS = ['tipo', 'chave', 'valor', 'timestamp'];

/**
 * The names that other servers give to the fields of a `Mensagem`, by ours: `tipo=type,chave=key`.
 * @throws KvsError CONFIGURACAO
 */
export function parseFieldNames(setting: Setting): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listedTexts(setting).map((text) => {
      const [, own = '', other = ''] = /^([a-z]+)=([\w-]{1,64})$/.exec(text) ?? [];
      if (MENSAGEM_FIELDS.includes(own)) return [own, other];
      throw badSetting(setting.place, text, `nomes como chave=key, de ${MENSAGEM_FIELDS.join(', ')}`);
    }),
  );
}
