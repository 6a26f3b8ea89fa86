import { listedTexts, parseHost, parseHostPort, parsePort } from '../config/parse.js';
import { badSetting, settingReader } from '../config/settings.js';
import type { Flags, Setting } from '../config/settings.js';
import type { ServerAddress } from '../client/link.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { tokenOf } from './credential.js';
import type { TlsChoice } from '../client/security.js';
import { tlsChoice } from './tls/choice.js';
import { COUNTED_OPERATIONS } from './operations/names.js';
import type { CountedName } from './operations/names.js';
import { CallTerms } from './terms.js';

export interface KeyValue {
  readonly chave: string;
  readonly valor: string;
}

/** `versao` absent: none named. */
export interface KeyVersion {
  readonly chave: string;
  readonly versao?: number;
}

/** One request to a server, in the field names of the door. */
export type Request =
  | { readonly operation: 'insere'; readonly item: KeyValue }
  | { readonly operation: 'consulta'; readonly item: KeyVersion }
  | { readonly operation: 'remove'; readonly item: KeyVersion }
  | { readonly operation: 'insere-v'; readonly items: readonly KeyValue[] }
  | { readonly operation: 'consulta-v'; readonly items: readonly KeyVersion[] }
  | { readonly operation: 'remove-v'; readonly items: readonly KeyVersion[] }
  | { readonly operation: 'snapshot'; readonly item: { readonly versao: number } };

/** Where to ask, and how long to wait for an answer. */
export interface Target {
  /** At least one; any of them may be asked. */
  readonly servers: readonly ServerAddress[];
  /** Whether one of them is asked first which servers there are. */
  readonly discovers: boolean;
  readonly timeoutMs: number;
  /** Shown with every call; `undefined`: none. */
  readonly token: string | undefined;
  /** `undefined`: without TLS. */
  readonly tls: TlsChoice | undefined;
  /** What every call demands besides; `undefined`: nothing. */
  readonly terms: CallTerms | undefined;
  /** Hears of what takes long; absent: nobody does. */
  readonly say?: ((message: string) => void) | undefined;
}

/** Options without a value. */
export interface Switches {
  readonly json: boolean;
  /** `--descobre` */
  readonly discovers: boolean;
  /** `--sim`: removals that take much go ahead without a question. */
  readonly sure: boolean;
  /** `--simula`: removals only show what they would take. */
  readonly simulates: boolean;
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
  return {
    servers: serversOf(read),
    discovers: isOn(discovers ? '1' : env['KVS_DESCOBRE']),
    timeoutMs,
    token: tokenOf(read('credencial'), env),
    tls: tlsChoice(read),
    terms: CallTerms.of(read('confirmacao'), read('sessao'), timeoutMs),
    say,
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

/**
 * The request that the options of `kvs cliente` name.
 * @throws KvsError CONFIGURACAO that says what was expected and what came
 */
export function requestOf(flags: Flags): Request {
  const operation = operationOf(flags['operacao']);
  const keys = list(flags['chave']);
  const values = list(flags['valor']);
  const versions = list(flags['ver']).map(parseVersion);
  switch (operation) {
    case 'insere': {
      expect(operation, 'chave (-k)', '1', keys.length === 1, keys.length);
      expect(operation, 'valor (-v)', '1', values.length === 1, values.length);
      expect(operation, 'versão (-e)', 'nenhuma', versions.length === 0, versions.length);
      return { operation, item: { chave: keys[0] ?? '', valor: values[0] ?? '' } };
    }
    case 'consulta':
    case 'remove': {
      expect(operation, 'chave (-k)', '1', keys.length === 1, keys.length);
      expect(operation, 'valor (-v)', 'nenhum', values.length === 0, values.length);
      expect(operation, 'versão (-e)', 'no máximo 1', versions.length <= 1, versions.length);
      const [version] = versions;
      const chave = keys[0] ?? '';
      return { operation, item: version === undefined ? { chave } : { chave, versao: version } };
    }
    case 'insere-v': {
      expect(operation, 'chave (-k)', 'pelo menos 1', keys.length > 0, keys.length);
      const same = values.length === keys.length;
      expect(operation, 'valor (-v)', `${keys.length}, um por chave`, same, values.length);
      expect(operation, 'versão (-e)', 'nenhuma', versions.length === 0, versions.length);
      return { operation, items: keys.map((chave, i) => ({ chave, valor: values[i] ?? '' })) };
    }
    case 'consulta-v':
    case 'remove-v': {
      expect(operation, 'chave (-k)', 'pelo menos 1', keys.length > 0, keys.length);
      expect(operation, 'valor (-v)', 'nenhum', values.length === 0, values.length);
      const fits = versions.length === 0 || versions.length === keys.length;
      expect(operation, 'versão (-e)', `nenhuma, ou ${keys.length}, uma por chave`, fits, versions.length);
      return { operation, items: keys.map((chave, i) => ({ chave, versao: versions[i] ?? 0 })) };
    }
    case 'snapshot': {
      expect(operation, 'chave (-k)', 'nenhuma', keys.length === 0, keys.length);
      expect(operation, 'valor (-v)', 'nenhum', values.length === 0, values.length);
      expect(operation, 'versão (-e)', 'no máximo 1', versions.length <= 1, versions.length);
      return { operation, item: { versao: versions[0] ?? 0 } };
    }
  }
}

function operationOf(given: Flags[string]): CountedName {
  const known = COUNTED_OPERATIONS.join(', ');
  if (given === undefined)
    throw new KvsError('CONFIGURACAO', `diga a operação com -o: ${known}; ou get, put, del, … sem -o`);
  const text = single(list(given), '-o');
  const operation = COUNTED_OPERATIONS.find((name) => name === text);
  if (operation === undefined) throw badSetting('-o', text, `uma destas: ${known}`);
  return operation;
}

/** @throws KvsError CONFIGURACAO that says what was expected and what came, unless it holds */
export function expect(
  operation: string,
  what: string,
  wanted: string,
  holds: boolean,
  came: number,
  hint = '',
): void {
  if (holds) return;
  throw new KvsError('CONFIGURACAO', `${operation}: ${what}: esperado ${wanted}, recebido ${came}${hint}`);
}

/** The texts of an option; none if it was not given. */
export function list(given: Flags[string]): readonly string[] {
  if (given === undefined) return [];
  return typeof given === 'string' ? [given] : given;
}

function single(texts: readonly string[], place: string): string {
  const [text] = texts;
  if (text === undefined || texts.length > 1) {
    throw badSetting(place, texts.join(' '), `um só valor, não ${texts.length}`);
  }
  return text;
}

function parseVersion(text: string): number {
  const version = Number(text);
  if (!/^[+-]?\d{1,10}$/.test(text) || version > limits.version || version < -limits.version - 1) {
    throw badSetting('-e', text, `uma versão, um inteiro até ${limits.version}`);
  }
  return version;
}

function parseTimeout(text: string, place: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) < 1 || Number(text) > TIMEOUT_MS_MAX) {
    throw badSetting(place, text, 'um número de milissegundos, pelo menos 1');
  }
  return Number(text);
}
