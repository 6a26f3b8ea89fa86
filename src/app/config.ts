import { parseBrokerUrl } from '../bus/broker-url.js';
import type { BrokerAddress } from '../bus/broker-url.js';
import { ORIGIN_PATTERN } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { badSetting, envName, settingReader } from './settings.js';
import type { Setting, SettingSources } from './settings.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where something listens or is looked for. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Everything that a server can be told, checked and frozen. */
export interface ServerConfig {
  /** Address that the doors listen on. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly fleet: string;
  /** In order of preference; empty: the broker at `localBroker`, embedded here if nobody has one. */
  readonly brokers: readonly BrokerAddress[];
  readonly localBroker: HostPort;
  /** Shortest key and value of the kvs.KVS door, in characters; 0 lifts the minimum. */
  readonly minimumChars: number;
  readonly logLevel: LogLevel;
}

export const DEFAULTS: ServerConfig = Object.freeze({
  host: '127.0.0.1',
  port: 40_000,
  fleet: 'padrao',
  brokers: Object.freeze([]),
  localBroker: Object.freeze({ host: '127.0.0.1', port: 1883 }),
  minimumChars: limits.doorMinimumChars,
  logLevel: 'info',
});

/** Options of a server, by the names of the command line, the file, and (`KVS_…`) the environment. */
export const SERVER_OPTIONS = [
  'porta',
  'host',
  'broker',
  'frota',
  'minimo',
  'log-nivel',
  'broker-local',
] as const;
export type ServerOption = (typeof SERVER_OPTIONS)[number];

/**
 * The configuration of a server: flags before environment before file before {@link DEFAULTS}.
 * Pure: reads nothing by itself.
 * @throws KvsError CONFIGURACAO, with one line for people
 */
export function serverConfig(sources: SettingSources): ServerConfig {
  const read = settingReader(sources, SERVER_OPTIONS);
  const one = <T>(name: ServerOption, parse: (text: string, place: string) => T, fallback: T): T => {
    const setting = read(name);
    return setting === undefined ? fallback : parse(onlyText(setting), setting.place);
  };
  return Object.freeze({
    host: one('host', parseHost, DEFAULTS.host),
    port: one('porta', parsePort, DEFAULTS.port),
    fleet: one('frota', parseFleet, DEFAULTS.fleet),
    brokers: parseBrokers(read('broker')),
    localBroker: one('broker-local', parseHostPort, DEFAULTS.localBroker),
    minimumChars: one('minimo', parseMinimum, DEFAULTS.minimumChars),
    logLevel: one('log-nivel', parseLogLevel, DEFAULTS.logLevel),
  });
}

function onlyText(setting: Setting): string {
  const [text] = setting.texts;
  if (text === undefined || setting.texts.length > 1) {
    throw badSetting(setting.place, setting.texts.join(' '), `um só valor, não ${setting.texts.length}`);
  }
  return text.trim();
}

/** @throws KvsError CONFIGURACAO unless `text` is a whole number from 0 to 65535 */
export function parsePort(text: string, place: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw badSetting(place, text, 'uma porta, de 0 (o sistema escolhe) a 65535');
  }
  return Number(text);
}

/** @throws KvsError CONFIGURACAO unless `text` looks like a name or an address; brackets of IPv6 are taken off */
export function parseHost(text: string, place: string): string {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  if (!/^[A-Za-z0-9._:%-]+$/.test(host)) throw badSetting(place, text, 'um nome ou endereço, como 127.0.0.1');
  return host;
}

function parseFleet(text: string, place: string): string {
  if (!ORIGIN_PATTERN.test(text))
    throw badSetting(place, text, 'de 1 a 64 letras sem acento, dígitos, "-" ou "_"');
  return text;
}

function parseMinimum(text: string, place: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) > limits.keyBytes) {
    throw badSetting(place, text, `um número de caracteres, de 0 (sem mínimo) a ${limits.keyBytes}`);
  }
  return Number(text);
}

function parseLogLevel(text: string, place: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw badSetting(place, text, `um destes: ${LOG_LEVELS.join(', ')}`);
  return level;
}

function parseHostPort(text: string, place: string): HostPort {
  const parts = /^(.+):(\d{1,5})$/.exec(text);
  const [, host, port] = parts ?? [];
  if (host === undefined || port === undefined || Number(port) === 0) {
    throw badSetting(place, text, 'endereço e porta, como 127.0.0.1:1883');
  }
  return Object.freeze({ host: parseHost(host, place), port: parsePort(port, place) });
}

/** Several URLs come as repeated flags, as a list in the file, or in one text with commas or blanks between them. */
function parseBrokers(setting: Setting | undefined): readonly BrokerAddress[] {
  if (setting === undefined) return DEFAULTS.brokers;
  const urls = setting.texts.flatMap((text) => text.split(/[\s,]+/)).filter((url) => url !== '');
  if (urls.length === 0) throw badSetting(setting.place, '', 'um endereço como mqtt://127.0.0.1:1883');
  // A broker named twice is tried once: where it came first.
  const byUrl = new Map<string, BrokerAddress>();
  for (const text of urls) {
    const broker = parseBroker(text, setting.place);
    if (!byUrl.has(broker.url)) byUrl.set(broker.url, broker);
  }
  return Object.freeze([...byUrl.values()]);
}

function parseBroker(text: string, place: string): BrokerAddress {
  try {
    return parseBrokerUrl(text);
  } catch (error) {
    if (place === '--broker' || !(error instanceof KvsError)) throw error;
    throw new KvsError('CONFIGURACAO', `${place}: ${error.message}`, { cause: error });
  }
}

/** Variables of programs under this name that are not options of a server. */
const OTHER_VARIABLES = ['KVS_CONFIG', 'KVS_PORT', 'KVS_ADDRESS', 'KVS_ENDERECO', 'KVS_PRAZO', 'KVS_JSON'];

/** Variables that look like options and are none: a misspelt one would be missed without a word. */
export function unknownVariables(env: SettingSources['env']): string[] {
  const known = new Set([...SERVER_OPTIONS.map(envName), ...OTHER_VARIABLES]);
  return Object.keys(env).filter((name) => name.startsWith('KVS_') && !known.has(name));
}

/** Positional port and option say the same thing twice; both may be given only if they agree. */
export function mergePort(positional: string | undefined, option: string | undefined): string | undefined {
  if (positional !== undefined && option !== undefined && positional !== option) {
    throw new KvsError('CONFIGURACAO', `a porta foi dada duas vezes: ${positional} e --porta ${option}`);
  }
  return option ?? positional;
}
