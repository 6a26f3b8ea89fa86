import { parseBrokerUrl } from '../mqtt/broker-url.js';
import type { BrokerAddress } from '../mqtt/broker-url.js';
import { ORIGIN_PATTERN } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import { hostPortText } from '../core/host-port.js';
import { configLimits } from './limits.js';
import { LOOPBACKS } from '../security/tls/open-ports.js';
import type { Hosts } from '../security/tls/open-ports.js';
import { KEY_TEXT_VARIABLE, keyConfig } from './fleet-key-config.js';
import type { FleetKeyConfig } from './fleet-key-config.js';
import {
  listedTexts,
  onlyText,
  parseChoice,
  parseFlag,
  parseHostPort,
  parsePort,
  parseTokenPath,
} from './parse.js';
import type { HostPort } from './parse.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

export const ENGINES = ['frota', 'consenso', 'lider'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Where the broker of this machine is. */
export interface LocalBrokerConfig extends HostPort {
  /** Absent: with TLS where other machines reach it and there is a certificate. */
  readonly protocol?: 'mqtt' | 'mqtts';
  /** Where it is opened, if not only at `host`. */
  readonly listenOn?: Hosts;
}

/** A server of a fleet, which holds everything in memory, and on disk if it has a folder. */
export interface FleetConfig {
  readonly name: 'frota';
  readonly fleet: string;
  /** In order of preference; empty: the broker at `localBroker`, embedded here if nobody has one. */
  readonly brokers: readonly BrokerAddress[];
  readonly localBroker: LocalBrokerConfig;
  /** Folder of the journal; `undefined`: memory only. */
  readonly dataFolder: string | undefined;
  /** Where the fleet's keys are; `undefined`: none, and messages are as they are. */
  readonly key: FleetKeyConfig | undefined;
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
  /** Where this server is the gateway of the enrolment portal, in order of preference; empty: it is not. */
  readonly portalBrokers: readonly BrokerAddress[];
}

/** A server of the leader system. Addresses are `IP:porta` of the `Mensagem` doors. */
export interface LeaderConfig {
  readonly name: 'lider';
  /** Port of this server's `Mensagem` door, as others know it. */
  readonly port: number;
  /** Where it listens, if that is not the address by which others know it. */
  readonly listen: HostPort | undefined;
  readonly leader: string;
  /** All servers of the system, this one and the leader too. */
  readonly servers: readonly string[];
  /** A write that not every server has acknowledged within this has an unknown outcome. */
  readonly deadlineMs: number;
  /** As {@link ConsensusConfig.portalBrokers}. */
  readonly portalBrokers: readonly BrokerAddress[];
  /** The file with the token by which the other servers know this one. */
  readonly tokenFile: string | undefined;
}

export type EngineConfig = FleetConfig | ConsensusConfig | LeaderConfig;

export const FLEET_DEFAULTS: FleetConfig = Object.freeze({
  name: 'frota',
  fleet: 'padrao',
  brokers: Object.freeze([]),
  localBroker: Object.freeze({ host: LOOPBACKS[0], port: 1883, listenOn: LOOPBACKS }),
  dataFolder: undefined,
  key: undefined,
});

/** The replicas are the three of `replica.sh` on this machine. */
export const CONSENSUS_DEFAULTS: ConsensusConfig = Object.freeze({
  name: 'consenso',
  replicas: Object.freeze(['127.0.0.1:23791', '127.0.0.1:23792', '127.0.0.1:23793']),
  deadlineMs: 5_000,
  localReads: false,
  portalBrokers: Object.freeze([]),
});

/** Three servers on this machine, the first of them the leader. */
export const LEADER_DEFAULTS: LeaderConfig = Object.freeze({
  name: 'lider',
  port: 10_097,
  listen: undefined,
  leader: '127.0.0.1:10097',
  servers: Object.freeze(['127.0.0.1:10097', '127.0.0.1:10098', '127.0.0.1:10099']),
  deadlineMs: 5_000,
  portalBrokers: Object.freeze([]),
  tokenFile: undefined,
});

/** Shorter, an attempt that finds a replica frozen leaves no time for another. */
const DEADLINE_MS_MIN = 500;
const DEADLINE_MS_MAX = 600_000;

/** Options that only some engines have. */
const OPTIONS_OF = {
  frota: ['broker', 'frota', 'broker-local', 'dados', 'chave-frota', 'cifra'],
  consenso: ['replicas', 'prazo-consenso', 'leitura', 'portal-broker'],
  lider: [
    'lider',
    'servidores-lider',
    'porta-mensagem',
    'prazo-lider',
    'escuta',
    'portal-broker',
    'credencial-servidor',
  ],
} as const satisfies Record<EngineName, readonly string[]>;

export type EngineOption = 'motor' | (typeof OPTIONS_OF)[EngineName][number];

/** Every option about engines. */
export const ENGINE_OPTIONS: readonly EngineOption[] = [
  ...new Set<EngineOption>([
    'motor',
    ...ENGINES.flatMap((name): readonly EngineOption[] => OPTIONS_OF[name]),
  ]),
];

/**
 * The engine that the settings ask for, and its own settings.
 * @param host address of this server
 * @param keyText keys of the fleet themselves
 * @throws KvsError CONFIGURACAO, also for an option of the engine that was not chosen: it would be missed without a word
 */
export function engineConfig(
  read: (name: EngineOption) => Setting | undefined,
  host: string,
  keyText?: string,
): EngineConfig {
  const one = <T>(name: EngineOption, parse: (text: string, place: string) => T, fallback: T): T => {
    const setting = read(name);
    return setting === undefined ? fallback : parse(onlyText(setting), setting.place);
  };
  const name = one('motor', (text, place) => parseChoice(text, place, ENGINES), 'frota');
  const own: readonly EngineOption[] = ['motor', ...OPTIONS_OF[name]];
  for (const option of ENGINE_OPTIONS) {
    const setting = own.includes(option) ? undefined : read(option);
    if (setting === undefined) continue;
    const others = ENGINES.filter((other) => (OPTIONS_OF[other] as readonly EngineOption[]).includes(option));
    throw new KvsError(
      'CONFIGURACAO',
      `${setting.place} só vale com --motor ${others.join(' ou ')}, e o motor aqui é ${name}`,
    );
  }
  if (name !== 'frota' && keyText !== undefined) {
    throw new KvsError(
      'CONFIGURACAO',
      `${KEY_TEXT_VARIABLE} só vale com --motor frota, e o motor aqui é ${name}`,
    );
  }
  if (name === 'lider') return leaderConfig(read, host);
  if (name === 'frota') {
    return Object.freeze({
      name,
      fleet: one('frota', parseFleet, FLEET_DEFAULTS.fleet),
      brokers: parseBrokers(read('broker')),
      localBroker: one('broker-local', parseLocalBroker, FLEET_DEFAULTS.localBroker),
      dataFolder: one<string | undefined>('dados', parseFolder, FLEET_DEFAULTS.dataFolder),
      key: keyConfig(read('chave-frota'), keyText, one('cifra', parseFlag, false)),
    });
  }
  return Object.freeze({
    name,
    replicas: parseReplicas(read('replicas')),
    deadlineMs: one('prazo-consenso', parseDeadline, CONSENSUS_DEFAULTS.deadlineMs),
    localReads: one('leitura', parseLocalReads, CONSENSUS_DEFAULTS.localReads),
    portalBrokers: parseBrokers(read('portal-broker')),
  });
}

/**
 * The settings of a server of the leader system.
 * @param host address of this server
 * @throws KvsError CONFIGURACAO, also unless this server and the leader are among the servers
 */
export function leaderConfig(
  read: (name: (typeof OPTIONS_OF.lider)[number]) => Setting | undefined,
  host: string,
): LeaderConfig {
  const leader = read('lider');
  const servers = read('servidores-lider');
  const port = read('porta-mensagem');
  const deadline = read('prazo-lider');
  const listen = read('escuta');
  const token = read('credencial-servidor');
  const portalBrokers = parseBrokers(read('portal-broker'));
  const config = {
    name: 'lider',
    port: port === undefined ? LEADER_DEFAULTS.port : parseDoorPort(onlyText(port), port.place),
    listen:
      listen === undefined
        ? undefined
        : parseHostPort(onlyText(listen), listen.place, LEADER_DEFAULTS.leader),
    leader: leader === undefined ? LEADER_DEFAULTS.leader : parseServer(onlyText(leader), leader.place),
    servers: servers === undefined ? LEADER_DEFAULTS.servers : parseServers(servers),
    deadlineMs:
      deadline === undefined ? LEADER_DEFAULTS.deadlineMs : parseDeadline(onlyText(deadline), deadline.place),
    portalBrokers,
    tokenFile: token === undefined ? undefined : parseTokenPath(onlyText(token), token.place),
  } as const;
  const self = serverText(host, config.port);
  for (const [what, address] of [
    ['este servidor', self],
    ['o líder', config.leader],
  ] as const) {
    if (config.servers.includes(address)) continue;
    throw new KvsError(
      'CONFIGURACAO',
      `${what}, ${address}, não está entre os servidores do sistema (${config.servers.join(', ')}); diga todos com ${servers?.place ?? '--servidores-lider'}`,
    );
  }
  return Object.freeze(config);
}

/** `IP:porta` as servers compare it: one name for this machine. */
export function serverText(host: string, port: number): string {
  return hostPortText(host.toLowerCase() === 'localhost' ? '127.0.0.1' : host.toLowerCase(), port);
}

function parseServer(text: string, place: string): string {
  const { host, port } = parseHostPort(text, place, LEADER_DEFAULTS.leader);
  return serverText(host, port);
}

/** @throws KvsError CONFIGURACAO unless they are two or more addresses, and not too many */
export function parseServers(setting: Setting): readonly string[] {
  const texts = listedTexts(setting);
  const servers = [...new Set(texts.map((text) => parseServer(text, setting.place)))];
  if (servers.length === 0 || servers.length > configLimits.leaderServers) {
    const expected = `de 1 a ${configLimits.leaderServers} endereços, como ${LEADER_DEFAULTS.servers.join(',')}`;
    throw badSetting(setting.place, texts.join(','), expected);
  }
  return Object.freeze(servers);
}

function parseDoorPort(text: string, place: string): number {
  const port = parsePort(text, place);
  if (port === 0)
    throw badSetting(
      place,
      text,
      'um número de porta, de 1 a 65535: os outros servidores precisam saber dela',
    );
  return port;
}

function parseFleet(text: string, place: string): string {
  if (!ORIGIN_PATTERN.test(text))
    throw badSetting(place, text, 'de 1 a 64 letras sem acento, dígitos, "-" ou "_"');
  return text;
}

function parseLocalBroker(text: string, place: string): LocalBrokerConfig {
  const [, protocol, address = text] = /^(mqtts?):\/\/([^/]*)\/?$/.exec(text) ?? [];
  const where = parseHostPort(address, place, '127.0.0.1:1883 ou mqtts://0.0.0.0:8883');
  if (protocol !== 'mqtt' && protocol !== 'mqtts') return where;
  return Object.freeze({ ...where, protocol });
}

function parseFolder(text: string, place: string): string {
  if (text === '') throw badSetting(place, text, 'o nome de uma pasta');
  return text;
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
