import { lookup } from 'node:dns/promises';
import { KvsError } from '../core/errors.js';
import { isLoopback, isOnThisMachine } from '../security/tls/loopback.js';
import type { BrokerAddress } from '../mqtt/broker-url.js';
import type { EngineConfig } from './engine-config.js';
import type { ServerConfig } from './server-config.js';

/** An address where a server listens, and the option for it. */
interface Place {
  readonly option: string;
  readonly host: string;
}

/** The addresses where a server with this configuration listens. */
function listeningPlaces({ host, engine }: ServerConfig): readonly Place[] {
  const places: Place[] = [{ option: '--host', host }];
  if (engine.name === 'lider' && engine.listen !== undefined) {
    places.push({ option: '--escuta', host: engine.listen.host });
  }
  if (engine.name === 'frota' && engine.brokers.length === 0) {
    places.push({ option: '--broker-local', host: engine.localBroker.host });
  }
  return places;
}

/**
 * Without credentials anyone who reaches a server may write, so only this machine may reach it. With credentials
 * clients send tokens, which must not be readable on the way.
 * @param addressesOf the addresses of a name, as the system's resolver knows them
 * @returns warnings for the log
 * @throws KvsError CONFIGURACAO, one line that says what to do
 */
export async function assertPrivate(
  config: ServerConfig,
  addressesOf: (name: string) => Promise<readonly string[]> = resolve,
): Promise<readonly string[]> {
  const warnings = [...openPasswords(config), ...openBroker(config), ...closedTopics(config)];
  for (const { option, host } of listeningPlaces(config)) {
    if (isLoopback(host)) continue;
    const addresses = await addressesOf(host);
    if (addresses.length > 0 && addresses.every(isLoopback)) continue;
    const place = `${option} ${host} atende outras máquinas`;
    if (config.credentials === undefined) {
      throw new KvsError(
        'CONFIGURACAO',
        `${place}, e sem credenciais qualquer uma escreveria: crie uma com "bin/kvs credencial cria NOME --papel escrita --prefixo= --arquivo credenciais.json" e abra o servidor com --credenciais credenciais.json (ou fique em 127.0.0.1)`,
      );
    }
    if (config.engine.name === 'lider') {
      warnings.push(`${place}: Mensagem não tem TLS, e na rede os tokens vão às claras`);
    } else if (config.tls?.certificate === undefined) {
      throw new KvsError(
        'CONFIGURACAO',
        `${place}, e os tokens iriam às claras: diga --tls-certificado e --tls-chave (ou fique em 127.0.0.1)`,
      );
    }
  }
  return warnings;
}

/** Credentials guard the doors, not the broker behind them: anyone may publish there without one. */
function openBroker({ engine, credentials }: ServerConfig): readonly string[] {
  if (credentials === undefined || engine.name !== 'frota' || engine.key !== undefined) return [];
  return ['quem publica no broker escreve sem credencial, em nome de qualquer servidor: use --chave-frota'];
}

/** The brokers that a server was given; none where it has no use for one. */
function brokersOf(engine: EngineConfig): readonly BrokerAddress[] {
  if (engine.name === 'particoes') return [];
  return engine.name === 'frota' ? engine.brokers : engine.portalBrokers;
}

/** If no broker asks who this server is, none is assumed to ask others. */
function closedTopics({ engine, portal, credentials, brokerCredentials }: ServerConfig): readonly string[] {
  const hasTopics = portal.length > 0 && (engine.name === 'frota' || brokersOf(engine).length > 0);
  if (!hasTopics || credentials === undefined || brokerCredentials !== undefined) return [];
  return [
    'os tópicos do portal ficam fechados, sem aplicar nem mostrar nada: o broker não pergunta quem publica; use --broker-credenciais',
  ];
}

/** Brokers to which user and password would be sent in the clear. */
function openPasswords({ engine, brokerCredentials }: ServerConfig): readonly string[] {
  if (brokerCredentials === undefined) return [];
  return brokersOf(engine)
    .filter(({ protocol, host }) => (protocol === 'mqtt' || protocol === 'ws') && !isOnThisMachine(host))
    .map(({ url }) => `a senha do broker e os dados vão às claras até ${url}: use mqtts:// (ou wss://)`);
}

/** Empty for an unknown name. Odd notations of numbers (`127.1`, `0`) are names to the system, which knows them. */
async function resolve(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
