import { KvsError } from '../core/errors.js';
import { hostPortText } from '../core/host-port.js';

/** Where a broker is. */
export interface BrokerAddress {
  readonly protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** For a web socket, at least `/`; otherwise empty. */
  readonly path: string;
  /** The whole as a URL, for the log. Holds no secret. */
  readonly url: string;
}

/** User and password for a broker. Never in an address, never in a log. */
export interface BrokerCredentials {
  /** Both are read anew at every connection. */
  readonly user: string;
  readonly password: string;
  /** Registers a callback for changes; absent if they never change. */
  onChange?(call: () => void): void;
}

const DEFAULT_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;
const URL_PATTERN = /^(mqtts?|wss?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?(\/[^\s?#]*)?$/;
const EXAMPLE = 'exemplo: mqtt://127.0.0.1:1883 (também mqtts://, ws:// e wss://)';

/**
 * Reads the address of a broker.
 * @param text `mqtt://host[:port]`, `mqtts://…`, `ws://host[:port][/path]` or `wss://…`
 * @throws KvsError CONFIGURACAO if it is none of these or holds a user or a password
 */
export function parseBrokerUrl(text: string): BrokerAddress {
  const given = text.trim();
  if (/^[a-z]+:\/\/[^/]*@/i.test(given)) {
    // The given text is not repeated: it holds a secret.
    throw new KvsError(
      'CONFIGURACAO',
      'usuário e senha não são aceitos no endereço do broker: todos na máquina veem a linha de comando; use --broker-credenciais ARQUIVO',
    );
  }
  const match = URL_PATTERN.exec(given);
  if (match === null) throw bad(given, 'não é um endereço de broker');
  const protocol = match[1] as BrokerAddress['protocol'];
  const host = (match[2] as string).replace(/^\[|\]$/g, '');
  const port = match[3] === undefined ? DEFAULT_PORTS[protocol] : Number(match[3]);
  if (port < 1 || port > 65_535) throw bad(given, 'a porta deve ficar entre 1 e 65535');
  const path = match[4] ?? '';
  const web = protocol === 'ws' || protocol === 'wss';
  if (!web && path !== '' && path !== '/') throw bad(given, `um endereço ${protocol}:// não tem caminho`);
  const found = address(protocol, host, port, web ? path || '/' : '');
  // A web socket is opened by its URL, which accepts no invalid IP address.
  if (web && !URL.canParse(found.url)) throw bad(given, 'não é um endereço de broker');
  return found;
}

/** The address of a broker that speaks MQTT over TCP, plain or with TLS. */
export function tcpBroker(host: string, port: number, protocol: 'mqtt' | 'mqtts' = 'mqtt'): BrokerAddress {
  return address(protocol, host, port, '');
}

function address(
  protocol: BrokerAddress['protocol'],
  host: string,
  port: number,
  path: string,
): BrokerAddress {
  return Object.freeze({
    protocol,
    host,
    port,
    path,
    url: `${protocol}://${hostPortText(host, port)}${path}`,
  });
}

function bad(given: string, why: string): KvsError {
  return new KvsError('CONFIGURACAO', `--broker ${JSON.stringify(given.slice(0, 200))}: ${why}; ${EXAMPLE}`);
}
