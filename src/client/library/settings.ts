import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import { isOnThisMachine } from '../../security/tls/loopback.js';
import type { ClientOptions } from '../client.js';
import { confirmationsOf } from '../confirmations.js';
import type { ServerAddress } from '../link.js';
import { ClientSession, isSessionToken } from '../session.js';
import { assertClientOptions } from './given.js';
import type { KvsOptions } from './public.js';

const SERVER_DEFAULT = '127.0.0.1:40000';
const TIMEOUT_MS = 10_000;
/** Longest delay that Node.js can wait for. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** What the options of a program say. */
interface KvsSettings {
  readonly client: ClientOptions;
  readonly session: ClientSession | undefined;
}

/**
 * Reads the options.
 * @throws KvsError CONFIGURACAO
 */
export function settingsOf(given: string | readonly string[] | KvsOptions): KvsSettings {
  const options: KvsOptions = typeof given === 'string' || isList(given) ? { servers: given } : given;
  assertClientOptions(options);
  const { servers = SERVER_DEFAULT, discover = false, token, tls = false, session = false } = options;
  const timeoutMs = timeoutOf(options.timeoutMs) ?? TIMEOUT_MS;
  const tlsChoice = tls === false ? undefined : tls === true ? {} : tls;
  const client: ClientOptions = {
    servers: distinct((isList(servers) ? servers : servers.split(',')).map(addressOf)),
    ...{ discovers: discover, timeoutMs, token, tls: tlsChoice, isLasting: true },
    confirmations: confirmationsOf(confirmationCount(options.confirmations), timeoutMs),
    ...(token !== undefined && tlsChoice === undefined && { assertServer: assertConfidential }),
  };
  return { client, session: sessionOf(session) };
}

/** @throws KvsError CONFIGURACAO */
export function timeoutOf(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return undefined;
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX) return timeoutMs;
  throw bad(`timeoutMs: esperado um número inteiro de milissegundos, pelo menos 1, e não ${timeoutMs}`);
}

/**
 * How many servers must confirm a write; `undefined`: none.
 * @throws KvsError CONFIGURACAO
 */
export function confirmationCount(servers: number | undefined): number | undefined {
  if (servers === undefined || servers === 0) return undefined;
  if (Number.isInteger(servers) && servers >= 1 && servers <= limits.confirmServers) return servers;
  throw bad(`confirmations: esperado quantos outros servidores, de 0 a ${limits.confirmServers}`);
}

/** @throws KvsError CONFIGURACAO */
export function sessionOf(session: boolean | string): ClientSession | undefined {
  if (session === false) return undefined;
  if (session === true) return new ClientSession('nova');
  if (isSessionToken(session)) return new ClientSession(session);
  throw bad('session: isto não é um token de sessão');
}

function isList(value: string | readonly string[] | KvsOptions): value is readonly string[] {
  return Array.isArray(value);
}

function addressOf(text: string): ServerAddress {
  const [, name, portText] = /^\s*(\[[^\]]+\]|[^:\s]+):(\d{1,5})\s*$/.exec(text) ?? [];
  const port = Number(portText);
  if (name === undefined || !(port >= 1 && port <= 65_535)) {
    throw bad(`servers: esperado endereço:porta, como ${SERVER_DEFAULT}, e não ${JSON.stringify(text)}`);
  }
  return { host: name.replace(/^\[(.*)\]$/, '$1'), port };
}

function distinct(servers: readonly ServerAddress[]): readonly ServerAddress[] {
  if (servers.length === 0) throw bad('servers: nenhum servidor');
  return [...new Map(servers.map((server) => [`${server.host} ${server.port}`, server])).values()];
}

function assertConfidential({ host }: ServerAddress): void {
  if (isOnThisMachine(host)) return;
  throw bad(`o token iria às claras até ${host}, e outros o leriam: diga tls`);
}

function bad(message: string): KvsError {
  return new KvsError('CONFIGURACAO', message);
}
