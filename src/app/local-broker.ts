import type { BrokerCredentials } from '../mqtt/broker-url.js';
import type { LocalBrokerOptions } from '../mqtt/local-broker.js';
import { KvsError } from '../core/errors.js';
import type { Gatekeeper } from '../ports/access.js';
import type { Logger } from '../ports/logger.js';
import type { Transport } from '../security/tls/transport.js';
import type { LocalBrokerConfig } from '../config/server-parsers.js';
import { isLoopback } from '../security/tls/loopback.js';
import { systemTime } from './system-time.js';

interface Surroundings {
  readonly fleet: string;
  readonly transport: Transport | undefined;
  /** Who may do what; `undefined`: everyone may do everything, only acceptable if only this machine can connect. */
  readonly gatekeeper: Gatekeeper | undefined;
  /** The credentials that this server itself presents to the broker. */
  readonly credentials: BrokerCredentials | undefined;
  readonly logger: Logger;
}

/**
 * The options for opening and finding the broker of this machine. On loopback it is plain, and requires user and
 * password if this server has some; where other machines can reach it, it always requires them, and speaks TLS if there
 * is a certificate.
 * @throws KvsError CONFIGURACAO if a required setting is missing
 */
export function localBrokerOptions(
  { host, port, protocol, listenOn = host }: LocalBrokerConfig,
  { fleet, transport, gatekeeper, credentials, logger }: Surroundings,
): LocalBrokerOptions {
  const reached = !(isLoopback(host) || host === 'localhost');
  const canServe = transport?.canServe === true;
  const secure = protocol === 'mqtts' || (protocol === undefined && reached && canServe);
  if (secure && !(canServe && transport.hasAuthority)) {
    throw new KvsError(
      'CONFIGURACAO',
      '--broker-local com TLS pede --tls-certificado, --tls-chave e --tls-ca: os outros servidores conferem o broker',
    );
  }
  const asks = gatekeeper !== undefined && (reached || credentials !== undefined);
  if (asks && credentials === undefined) {
    throw new KvsError(
      'CONFIGURACAO',
      '--broker-local fora desta máquina pede usuário e senha, também a este servidor: diga --broker-credenciais ARQUIVO com uma credencial de papel servidor',
    );
  }
  if (asks && reached && !secure) {
    logger.warn(
      { broker: `${host}:${port}` },
      'broker embutido sem TLS: senhas e dados passam abertos pela rede',
    );
  }
  return {
    ...{ host: listenOn, port, time: systemTime, logger },
    tls: secure ? transport : undefined,
    users: asks ? { gatekeeper, fleet } : undefined,
  };
}
