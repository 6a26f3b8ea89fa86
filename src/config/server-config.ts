import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { LOOPBACKS } from '../security/tls/open-ports.js';
import type { Hosts } from '../security/tls/open-ports.js';
import { ENGINE_OPTIONS, FLEET_DEFAULTS, engineConfig } from './engine-config.js';
import { KEY_TEXT_VARIABLE } from './fleet-key-config.js';
import type { EngineConfig } from './engine-config.js';
import { listedTexts, onlyText, parseChoice, parseHost, parsePort } from './parse.js';
import { badSetting, envName, settingReader } from './settings.js';
import type { Setting, SettingSources } from './settings.js';
import { TLS_OPTIONS, tlsConfig } from './tls-config.js';
import type { TlsConfig } from './tls-config.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Services of the enrolment portal. */
export const PORTAL_SERVICES = ['admin', 'matricula'] as const;
export type PortalService = (typeof PORTAL_SERVICES)[number];

/** Everything that a server can be told, checked and frozen. */
export interface ServerConfig {
  /** Address of the doors, as it is said to people and peers. */
  readonly host: string;
  /** Where they listen: there, and if nobody has named an address, on the other loopback too. */
  readonly listenOn: Hosts;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Shortest key and value of the kvs.KVS door, in characters; 0 lifts the minimum. */
  readonly minimumChars: number;
  readonly logLevel: LogLevel;
  /** Services of the enrolment portal that are offered. */
  readonly portal: readonly PortalService[];
  /** The file that holds user and password for the broker. */
  readonly brokerCredentials: string | undefined;
  /** The file that says who may do what; `undefined`: everybody who reaches the server may do everything. */
  readonly credentials: string | undefined;
  /** `undefined`: without TLS. */
  readonly tls: TlsConfig | undefined;
  readonly engine: EngineConfig;
}

export const DEFAULTS: ServerConfig = Object.freeze({
  host: LOOPBACKS[0],
  listenOn: LOOPBACKS,
  port: 40_000,
  minimumChars: limits.doorMinimumChars,
  logLevel: 'info',
  portal: Object.freeze([]),
  brokerCredentials: undefined,
  credentials: undefined,
  tls: undefined,
  engine: FLEET_DEFAULTS,
});

/** Options of a server, by the names of the command line, the file, and (`KVS_…`) the environment. */
export const SERVER_OPTIONS = [
  'porta',
  'host',
  'minimo',
  'log-nivel',
  'portal',
  'broker-credenciais',
  'credenciais',
  ...TLS_OPTIONS,
  ...ENGINE_OPTIONS,
] as const;
export type ServerOption = (typeof SERVER_OPTIONS)[number];

/**
 * The configuration of a server: flags before environment before file before {@link DEFAULTS}.
 * Pure: reads nothing by itself.
 * @throws KvsError CONFIGURACAO, with one line for people
 */
export function serverConfig(sources: SettingSources): ServerConfig {
  const read = settingReader(sources, SERVER_OPTIONS);
  const one = <T, U = T>(
    name: ServerOption,
    parse: (text: string, place: string) => T,
    fallback: U,
  ): T | U => {
    const setting = read(name);
    return setting === undefined ? fallback : parse(onlyText(setting), setting.place);
  };
  const host = one('host', parseHost, DEFAULTS.host);
  const keyText = (sources.env[KEY_TEXT_VARIABLE] ?? '').trim() || undefined;
  const engine = engineConfig(read, host, keyText);
  const portal = parsePortal(read('portal'));
  const credentials = one('credenciais', parseFile, undefined);
  if (credentials !== undefined) assertServerIsKnown(engine);
  return Object.freeze({
    host,
    listenOn: read('host') === undefined ? DEFAULTS.listenOn : host,
    port: one('porta', parsePort, DEFAULTS.port),
    minimumChars: one('minimo', parseMinimum, DEFAULTS.minimumChars),
    logLevel: one('log-nivel', parseLogLevel, DEFAULTS.logLevel),
    portal,
    brokerCredentials: one('broker-credenciais', (text) => text, undefined),
    credentials,
    tls: tlsConfig(read),
    engine,
  });
}

/** Servers with a leader believe only who shows them a credential, this one too. @throws KvsError CONFIGURACAO */
function assertServerIsKnown(engine: EngineConfig): void {
  if (engine.name !== 'lider' || engine.servers.length === 1 || engine.tokenFile !== undefined) return;
  throw new KvsError(
    'CONFIGURACAO',
    '--credenciais com o motor lider pede --credencial-servidor ARQUIVO, com o token deste servidor: crie-o com "bin/kvs credencial cria NOME --papel servidor --saida ARQUIVO"',
  );
}

function parsePortal(setting: Setting | undefined): readonly PortalService[] {
  if (setting === undefined) return DEFAULTS.portal;
  const named = listedTexts(setting).map((text) => parseChoice(text, setting.place, PORTAL_SERVICES));
  if (named.length === 0)
    throw badSetting(setting.place, '', `um destes, ou ambos: ${PORTAL_SERVICES.join(',')}`);
  return Object.freeze([...new Set(named)]);
}

function parseMinimum(text: string, place: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) > limits.keyBytes) {
    throw badSetting(place, text, `um número de caracteres, de 0 (sem mínimo) a ${limits.keyBytes}`);
  }
  return Number(text);
}

function parseFile(text: string, place: string): string {
  if (text === '') throw badSetting(place, text, 'o nome de um arquivo');
  return text;
}

function parseLogLevel(text: string, place: string): LogLevel {
  return parseChoice(text, place, LOG_LEVELS);
}

/** Variables of programs under this name that are not options of a server. */
const OTHER_VARIABLES = [
  ...['KVS_CONFIG', 'KVS_PORT', 'KVS_ADDRESS', 'KVS_ENDERECO', 'KVS_PRAZO', 'KVS_JSON'],
  ...['KVS_SERVIDORES', 'KVS_DESCOBRE', 'KVS_CREDENCIAL', 'KVS_TOKEN'],
  ...['KVS_TLS', 'KVS_TLS_NOME', KEY_TEXT_VARIABLE],
  ...['KVS_REPLICA_DADOS', 'KVS_REPLICA_ARQUIVO', 'KVS_REPLICA_COTA'],
];

/** Variables that look like options and are none: a misspelt one would be missed without a word. */
export function unknownVariables(env: SettingSources['env']): string[] {
  const known = new Set([...SERVER_OPTIONS.map(envName), ...OTHER_VARIABLES]);
  return Object.keys(env).filter((name) => name.startsWith('KVS_') && !known.has(name));
}
