import type { ClientOptions } from '../client/client.js';
import type { ServerAddress } from '../client/link.js';
import { isOnThisMachine } from '../config/exposure.js';
import { listedTexts, parseHost, parseHostPort, parsePort } from '../config/parse.js';
import { badSetting, settingReader } from '../config/settings.js';
import type { Flags, Setting } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { tokenOf } from './credential.js';
import { confirmationsOf, SessionFile } from './session-file.js';
import { tlsChoice } from './tls/choice.js';

/** Where to ask, how long to wait for an answer, and what every call demands besides. */
export interface Target extends ClientOptions {
  /** Where the session is kept; `undefined`: there is none. */
  readonly sessionFile: SessionFile | undefined;
}

const DEFAULT_PORT = 40_000;
const DEFAULT_TIMEOUT_MS = 10_000;
/** What a timer can hold. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/**
 * The server that the options or `KVS_…` variables name.
 * @throws KvsError CONFIGURACAO
 */
export function targetOf(
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  discovers = false,
  say?: (message: string) => void,
): Target {
  const read = settingReader({ flags, env, file: undefined }, []);
  const one = <T>(name: string, parse: (text: string, place: string) => T, fallback: T): T => {
    const setting = read(name);
    if (setting === undefined) return fallback;
    const text = single(setting.texts, setting.place);
    return parse(text, setting.place);
  };
  const timeoutMs = one('prazo', parseTimeout, DEFAULT_TIMEOUT_MS);
  const servers = serversOf(read);
  const token = tokenOf(read('credencial'), env);
  const tls = tlsChoice(read);
  const confirmations = confirmationsOf(read('confirmacao'), timeoutMs);
  const sessionFile = SessionFile.of(read('sessao'));
  return {
    ...{ servers, discovers: isOn(discovers ? '1' : env['KVS_DESCOBRE']), timeoutMs, token, tls, say },
    ...{ confirmations, sessionFile, session: sessionFile?.session },
    ...(token !== undefined && tls === undefined && { assertServer: assertConfidential }),
  };
}

/** The servers of `--servidores`, or those at the ports of `--porta`. @throws KvsError CONFIGURACAO */
function serversOf(read: (name: string) => Setting | undefined): readonly ServerAddress[] {
  const listed = read('servidores');
  const ports = read('porta');
  if (listed === undefined) return distinct(serversAt(read('endereco'), ports));
  for (const other of [ports, read('endereco')]) {
    // An environment that names one server does not contradict a command line that names several.
    if (other?.place.startsWith('--') === true && listed.place.startsWith('--')) {
      throw new KvsError('CONFIGURACAO', `${listed.place} já diz os servidores: não junte ${other.place}`);
    }
  }
  const texts = listedTexts(listed);
  if (texts.length === 0) throw badSetting(listed.place, '', 'endereços como 127.0.0.1:9000');
  return distinct(texts.map((text) => parseHostPort(text, listed.place, '127.0.0.1:9000')));
}

/** The servers at one address, which may say its port itself. */
function serversAt(address: Setting | undefined, ports: Setting | undefined): readonly ServerAddress[] {
  const text = address === undefined ? '127.0.0.1' : single(address.texts, address.place);
  const place = address?.place ?? '--endereco';
  if (/^(\[.*\]|[^:]+):\d+$/.test(text)) {
    if (ports === undefined) return [parseHostPort(text, place, '127.0.0.1:9000')];
    throw new KvsError('CONFIGURACAO', `${place} já diz a porta: tire-a de lá, ou não junte ${ports.place}`);
  }
  const host = parseHost(text, place);
  if (ports === undefined) return [{ host, port: DEFAULT_PORT }];
  const texts = listedTexts(ports);
  if (texts.length === 0) throw badSetting(ports.place, '', 'um número de porta');
  return texts.map((one) => {
    const port = parsePort(one, ports.place);
    if (port === 0) throw badSetting(ports.place, one, 'a porta em que o servidor atende, de 1 a 65535');
    return { host, port };
  });
}

function distinct(servers: readonly ServerAddress[]): readonly ServerAddress[] {
  const byName = new Map(servers.map((server) => [`${server.host} ${server.port}`, server]));
  return [...byName.values()];
}

/** A token goes over the network only where nobody can read it. @throws KvsError CONFIGURACAO */
function assertConfidential({ host }: ServerAddress): void {
  if (isOnThisMachine(host)) return;
  throw new KvsError(
    'CONFIGURACAO',
    `o token iria às claras até ${host}, e outros o leriam: diga com --tls-ca o arquivo da autoridade do servidor`,
  );
}

/** `KVS_JSON` turns `--json` on, unless it is empty, 0, false or nao. */
export function jsonFromEnv(env: Readonly<Record<string, string | undefined>>): boolean {
  return isOn(env['KVS_JSON']);
}

/** `KVS_SIM` turns `--sim` on in the same way. */
export function sureFromEnv(env: Readonly<Record<string, string | undefined>>): boolean {
  return isOn(env['KVS_SIM']);
}

function isOn(text: string | undefined): boolean {
  return !['', '0', 'false', 'nao', 'não'].includes((text ?? '').trim().toLowerCase());
}

/** @throws KvsError CONFIGURACAO unless there is exactly one text */
export function single(texts: readonly string[], place: string): string {
  const [text] = texts;
  if (text === undefined || texts.length > 1) {
    throw badSetting(place, texts.join(' '), `um só valor, não ${texts.length}`);
  }
  return text;
}

function parseTimeout(text: string, place: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) < 1 || Number(text) > TIMEOUT_MS_MAX) {
    throw badSetting(place, text, 'um número de milissegundos, pelo menos 1');
  }
  return Number(text);
}
