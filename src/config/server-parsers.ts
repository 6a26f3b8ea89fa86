import { ORIGIN_PATTERN } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import { hostPortText } from '../core/host-port.js';
import { limits } from '../core/limits.js';
import { assertRules, parseAge, parseVersions } from '../core/retention.js';
import type { RetentionRule } from '../core/retention.js';
import { isServerName } from '../core/server-name.js';
import { parseBrokerUrl } from '../mqtt/broker-url.js';
import type { BrokerAddress } from '../mqtt/broker-url.js';
import type { Hosts } from '../security/tls/open-ports.js';
import { configLimits } from './limits.js';
import { listedTexts, parseChoice, parseHost, parseHostPort, parsePort, wholeNumber } from './parse.js';
import type { HostPort } from './parse.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

/** Services of the enrolment portal. */
const PORTAL_SERVICES = ['admin', 'matricula'] as const;
export type PortalService = (typeof PORTAL_SERVICES)[number];

/** The address of this machine's broker. */
export interface LocalBrokerConfig extends HostPort {
  /** Absent: TLS if other machines reach it and there is a certificate. */
  readonly protocol?: 'mqtt' | 'mqtts';
  /** Where it listens, if not only at `host`. */
  readonly listenOn?: Hosts;
}

/** Example of an address of the leader system, for messages. */
export const LEADER_EXAMPLE = '127.0.0.1:10097';
/** The three default servers of the leader system, on this machine. */
export const USUAL_SERVERS: readonly string[] = Object.freeze([
  LEADER_EXAMPLE,
  '127.0.0.1:10098',
  '127.0.0.1:10099',
]);

/** How long an engine may wait for others, ms. @throws KvsError CONFIGURACAO */
export const parseDeadline = wholeNumber(
  configLimits.deadlineMsMin,
  configLimits.deadlineMs,
  `um número de milissegundos, de ${configLimits.deadlineMsMin} a ${configLimits.deadlineMs}`,
);

/** After how many hours keys without versions are forgotten; 0: only when there are many. @throws KvsError CONFIGURACAO */
export const parseForgetHours = wholeNumber(
  0,
  configLimits.forgetHours,
  `um número inteiro de horas, de 0 (só quando são muitas) a ${configLimits.forgetHours}`,
);

/** Shortest key and value of a door, in characters. @throws KvsError CONFIGURACAO */
export const parseMinimum = wholeNumber(
  0,
  limits.keyBytes,
  `um número de caracteres, de 0 (sem mínimo) a ${limits.keyBytes}`,
);

/** @throws KvsError CONFIGURACAO unless `text` is a valid fleet name */
export function parseFleetName(text: string, place: string): string {
  if (!ORIGIN_PATTERN.test(text))
    throw badSetting(place, text, 'de 1 a 64 letras sem acento, dígitos, "-" ou "_"');
  return text;
}

/** @throws KvsError CONFIGURACAO unless `text` may be the readable name of a server */
export function parseServerName(text: string, place: string): string {
  if (isServerName(text)) return text;
  const expected = `um nome de 1 a ${limits.serverNameUnits} caracteres, numa linha só e sem caracteres de controle`;
  throw badSetting(place, text, expected);
}

/** @throws KvsError CONFIGURACAO if `text` is blank */
export function parseFolder(text: string, place: string): string {
  if (text === '') throw badSetting(place, text, 'o nome de uma pasta');
  return text;
}

/** `H:P`, also with `mqtt://` or `mqtts://` before it. @throws KvsError CONFIGURACAO */
export function parseLocalBroker(text: string, place: string): LocalBrokerConfig {
  const [, protocol, address = text] = /^(mqtts?):\/\/([^/]*)\/?$/.exec(text) ?? [];
  const where = parseHostPort(address, place, '127.0.0.1:1883 ou mqtts://0.0.0.0:8883');
  if (protocol !== 'mqtt' && protocol !== 'mqtts') return where;
  return Object.freeze({ ...where, protocol });
}

/** Brokers in their order; a repeated one is tried once, at its first place. @throws KvsError CONFIGURACAO */
export function parseBrokers(setting: Setting): readonly BrokerAddress[] {
  const urls = listedTexts(setting);
  if (urls.length === 0) throw badSetting(setting.place, '', 'um endereço como mqtt://127.0.0.1:1883');
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

/** `host:port` of each replica of the consensus. @throws KvsError CONFIGURACAO */
export function parseReplicas(setting: Setting): readonly string[] {
  return parseAddresses(setting, '127.0.0.1:23791');
}

/** `host:port` of some nodes of the partitions. @throws KvsError CONFIGURACAO */
export function parsePartitionNodes(setting: Setting): readonly string[] {
  return parseAddresses(setting, '127.0.0.1:7001');
}

function parseAddresses(setting: Setting, example: string): readonly string[] {
  const texts = listedTexts(setting);
  if (texts.length === 0) throw badSetting(setting.place, '', `endereço e porta, como ${example}`);
  const addresses = texts.map((text) => {
    const { host, port } = parseHostPort(text, setting.place, example);
    return hostPortText(host, port);
  });
  return Object.freeze([...new Set(addresses)]);
}

/** Services of the portal. @throws KvsError CONFIGURACAO */
export function parsePortal(setting: Setting): readonly PortalService[] {
  const named = listedTexts(setting).map((text) => parseChoice(text, setting.place, PORTAL_SERVICES));
  if (named.length === 0)
    throw badSetting(setting.place, '', `um destes, ou ambos: ${PORTAL_SERVICES.join(',')}`);
  return Object.freeze([...new Set(named)]);
}

/** `PREFIXO=N`, `PREFIXO=IDADE` or `PREFIXO=N,IDADE`, with `;` between several. @throws KvsError CONFIGURACAO */
export function parseRetention({ texts, place }: Setting): readonly RetentionRule[] {
  const rules = texts
    .flatMap((text) => text.split(';'))
    .filter((text) => text.trim() !== '')
    .map((text) => parseRule(text.trim(), place));
  if (rules.length === 0) throw badSetting(place, '', RULE_EXPECTED);
  try {
    assertRules(rules);
  } catch (error) {
    throw new KvsError('CONFIGURACAO', `${place}: ${KvsError.from(error).message}`, { cause: error });
  }
  return Object.freeze(rules);
}

const RULE_EXPECTED = 'prefixo=10, prefixo=30d ou prefixo=10,30d (últimas versões, idade em d, h, m ou s)';

function parseRule(text: string, place: string): RetentionRule {
  const at = text.lastIndexOf('=');
  const parts = text.slice(at + 1).split(',');
  const found = parts.map((part) => ({ versions: parseVersions(part), ageMs: parseAge(part) }));
  const versions = found.flatMap((one) => one.versions ?? []);
  const ages = found.flatMap((one) => one.ageMs ?? []);
  const isKnown = versions.length + ages.length === parts.length && versions.length <= 1 && ages.length <= 1;
  if (at < 0 || !isKnown) throw badSetting(place, text, RULE_EXPECTED);
  return {
    prefix: text.slice(0, at),
    ...(versions[0] === undefined ? {} : { versions: versions[0] }),
    ...(ages[0] === undefined ? {} : { ageMs: ages[0] }),
  };
}

/** `IP:porta` in the form that servers of the leader system compare: one name for this machine. */
export function serverText(host: string, port: number): string {
  return hostPortText(host.toLowerCase() === 'localhost' ? '127.0.0.1' : host.toLowerCase(), port);
}

/** A server of the leader system, as {@link serverText}. @throws KvsError CONFIGURACAO */
export function parseServer(text: string, place: string): string {
  const { host, port } = parseHostPort(text, place, LEADER_EXAMPLE);
  return serverText(host, port);
}

/** @throws KvsError CONFIGURACAO unless they are one or more servers of the leader system, and not too many */
export function parseServers(setting: Setting): readonly string[] {
  const texts = listedTexts(setting);
  const servers = [...new Set(texts.map((text) => parseServer(text, setting.place)))];
  if (servers.length === 0 || servers.length > configLimits.leaderServers) {
    const expected = `de 1 a ${configLimits.leaderServers} endereços, como ${USUAL_SERVERS.join(',')}`;
    throw badSetting(setting.place, texts.join(','), expected);
  }
  return Object.freeze(servers);
}

/** A port that others must know. @throws KvsError CONFIGURACAO, also for 0 */
export function parseDoorPort(text: string, place: string): number {
  const port = parsePort(text, place);
  if (port === 0)
    throw badSetting(
      place,
      text,
      'um número de porta, de 1 a 65535: os outros servidores precisam saber dela',
    );
  return port;
}

/** Host names without port, in lower case. @throws KvsError CONFIGURACAO */
export function parseHostNames(setting: Setting): readonly string[] {
  const names = listedTexts(setting).map((text) => parseHostName(text, setting.place).toLowerCase());
  if (names.length === 0) throw badSetting(setting.place, '', 'um nome, como kvs.exemplo');
  return Object.freeze(names.map((name) => name.replace(/\.$/, '')));
}

/** A name with a port would be the name of nobody: requests are compared without theirs. */
function parseHostName(text: string, place: string): string {
  const name = parseHost(text, place);
  if (!name.includes(':')) return name;
  const url = `http://[${name}]/`;
  if (!URL.canParse(url)) throw badSetting(place, text, 'um nome sem porta, como kvs.exemplo');
  // As requests are read: IPv6 addresses at their shortest.
  return new URL(url).hostname.slice(1, -1);
}

/** Origins as browsers send them: scheme, host, and a port that is not the usual one. @throws KvsError CONFIGURACAO */
export function parseOrigins(setting: Setting): readonly string[] {
  const origins = listedTexts(setting).map((text) => {
    const isOrigin = /^https?:\/\/[^/?#@*]+$/i.test(text) && URL.canParse(text);
    if (!isOrigin) throw badSetting(setting.place, text, 'uma origem, como https://painel.exemplo');
    return new URL(text).origin;
  });
  if (origins.length === 0) throw badSetting(setting.place, '', 'uma origem, como https://painel.exemplo');
  return Object.freeze([...new Set(origins)]);
}
