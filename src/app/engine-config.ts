import { parseBrokerUrl } from '../bus/broker-url.js';
import type { BrokerAddress } from '../bus/broker-url.js';
import { ORIGIN_PATTERN } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import { hostPortText, listedTexts, onlyText, parseChoice, parseHostPort } from './parse.js';
import type { HostPort } from './parse.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

export const ENGINES = ['frota', 'consenso'] as const;
export type EngineName = (typeof ENGINES)[number];

/** A server of a fleet, which holds everything in memory. */
export interface FleetConfig {
  readonly name: 'frota';
  readonly fleet: string;
  /** In order of preference; empty: the broker at `localBroker`, embedded here if nobody has one. */
  readonly brokers: readonly BrokerAddress[];
  readonly localBroker: HostPort;
}

/** A server over the replicas of a consensus store. */
export interface ConsensusConfig {
  readonly name: 'consenso';
  /** `host:port` of the client door of each, at least one. */
  readonly replicas: readonly string[];
  /** A call without an answer from them fails after this. */
  readonly deadlineMs: number;
  /** Reads come from any replica's own state: possible without a majority, and possibly old. */
  readonly localReads: boolean;
}

export type EngineConfig = FleetConfig | ConsensusConfig;

export const FLEET_DEFAULTS: FleetConfig = Object.freeze({
  name: 'frota',
  fleet: 'padrao',
  brokers: Object.freeze([]),
  localBroker: Object.freeze({ host: '127.0.0.1', port: 1883 }),
});

/** The replicas are the three of `replica.sh` on this machine. */
export const CONSENSUS_DEFAULTS: ConsensusConfig = Object.freeze({
  name: 'consenso',
  replicas: Object.freeze(['127.0.0.1:23791', '127.0.0.1:23792', '127.0.0.1:23793']),
  deadlineMs: 5_000,
  localReads: false,
});

/** Shorter, an attempt that finds a replica frozen leaves no time for another. */
const DEADLINE_MS_MIN = 500;
const DEADLINE_MS_MAX = 600_000;

/** Options that only one engine has. */
const OPTIONS_OF = {
  frota: ['broker', 'frota', 'broker-local'],
  consenso: ['replicas', 'prazo-consenso', 'leitura'],
} as const satisfies Record<EngineName, readonly string[]>;

/** Every option about engines. */
export const ENGINE_OPTIONS = ['motor', ...OPTIONS_OF.frota, ...OPTIONS_OF.consenso] as const;
type EngineOption = (typeof ENGINE_OPTIONS)[number];

/**
 * The engine that the settings ask for, and its own settings.
 * @throws KvsError CONFIGURACAO, also for an option of the engine that was not chosen: it would be missed without a word
 */
export function engineConfig(read: (name: EngineOption) => Setting | undefined): EngineConfig {
  const one = <T>(name: EngineOption, parse: (text: string, place: string) => T, fallback: T): T => {
    const setting = read(name);
    return setting === undefined ? fallback : parse(onlyText(setting), setting.place);
  };
  const name = one('motor', (text, place) => parseChoice(text, place, ENGINES), 'frota');
  const other = name === 'frota' ? 'consenso' : 'frota';
  for (const option of OPTIONS_OF[other]) {
    const setting = read(option);
    if (setting === undefined) continue;
    throw new KvsError(
      'CONFIGURACAO',
      `${setting.place} só vale com --motor ${other}, e o motor aqui é ${name}`,
    );
  }
  if (name === 'frota') {
    return Object.freeze({
      name,
      fleet: one('frota', parseFleet, FLEET_DEFAULTS.fleet),
      brokers: parseBrokers(read('broker')),
      localBroker: one('broker-local', parseLocalBroker, FLEET_DEFAULTS.localBroker),
    });
  }
  return Object.freeze({
    name,
    replicas: parseReplicas(read('replicas')),
    deadlineMs: one('prazo-consenso', parseDeadline, CONSENSUS_DEFAULTS.deadlineMs),
    localReads: one('leitura', parseLocalReads, CONSENSUS_DEFAULTS.localReads),
  });
}

function parseFleet(text: string, place: string): string {
  if (!ORIGIN_PATTERN.test(text))
    throw badSetting(place, text, 'de 1 a 64 letras sem acento, dígitos, "-" ou "_"');
  return text;
}

function parseLocalBroker(text: string, place: string): HostPort {
  return parseHostPort(text, place, '127.0.0.1:1883');
}

function parseBrokers(setting: Setting | undefined): readonly BrokerAddress[] {
  if (setting === undefined) return FLEET_DEFAULTS.brokers;
  const urls = listedTexts(setting);
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

function parseReplicas(setting: Setting | undefined): readonly string[] {
  if (setting === undefined) return CONSENSUS_DEFAULTS.replicas;
  const example = '127.0.0.1:23791';
  const texts = listedTexts(setting);
  if (texts.length === 0) throw badSetting(setting.place, '', `endereço e porta, como ${example}`);
  const addresses = texts.map((text) => {
    const { host, port } = parseHostPort(text, setting.place, example);
    return hostPortText(host, port);
  });
  return Object.freeze([...new Set(addresses)]);
}

function parseDeadline(text: string, place: string): number {
  const ms = Number(text);
  if (!/^\d{1,6}$/.test(text) || ms < DEADLINE_MS_MIN || ms > DEADLINE_MS_MAX) {
    throw badSetting(place, text, `um número de milissegundos, de ${DEADLINE_MS_MIN} a ${DEADLINE_MS_MAX}`);
  }
  return ms;
}

function parseLocalReads(text: string, place: string): boolean {
  return parseChoice(text, place, ['linear', 'local'] as const) === 'local';
}
