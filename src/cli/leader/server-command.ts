import { createServer } from 'node:net';
import { serverConfig, unknownVariables } from '../../app/config.js';
import type { ServerConfig } from '../../app/config.js';
import { LEADER_DEFAULTS, serverText } from '../../app/engine-config.js';
import type { LeaderConfig } from '../../app/engine-config.js';
import { startLeaderServer } from '../../app/leader-server.js';
import { parseHost, parseHostPort, parsePort } from '../../app/parse.js';
import { runServer } from '../../app/run.js';
import { envName } from '../../app/settings.js';
import { TLS_OPTIONS } from '../../app/tls-config.js';
import type { Flags } from '../../app/settings.js';
import { KvsError } from '../../core/errors.js';
import { Keyboard } from './keyboard.js';

type Env = Readonly<Record<string, string | undefined>>;

const OWN_OPTIONS = [
  ...['host', 'porta-mensagem', 'escuta', 'lider', 'servidores-lider', 'prazo-lider'],
  ...['credenciais', 'credencial-servidor', 'minimo', 'log-nivel'],
  ...TLS_OPTIONS,
];

/**
 * `kvs lider-servidor`: runs until a signal ends it. Without options it asks for them.
 * @returns the exit code
 * @throws KvsError CONFIGURACAO, PORTA_EM_USO
 */
export async function runLeaderServerCommand(flags: Flags, env: Env): Promise<number> {
  const given = Object.keys(flags).length === 0 ? await askSettings(env) : flags;
  const own = Object.fromEntries(OWN_OPTIONS.map((name) => [name, given[name]]));
  const grpc = given['porta-grpc'];
  // A port of other servers in the environment is not asked for here.
  const config = serverConfig({
    flags: { ...own, motor: 'lider', porta: grpc ?? '0' },
    env,
    file: undefined,
  });
  const warnings = unknownVariables(env).map(
    (name) => `a variável ${name} não é uma opção conhecida e foi ignorada`,
  );
  return runServer(config, warnings, (_, logger, onServing) => {
    return startLeaderServer(config, leaderOf(config), logger, onServing, grpc !== undefined);
  });
}

function leaderOf({ engine }: ServerConfig): LeaderConfig {
  if (engine.name !== 'lider') throw new KvsError('INTERNO', `motor ${engine.name}`);
  return engine;
}

/** The four questions of the contract, and a fifth where the three usual servers are not meant. */
async function askSettings(env: Env): Promise<Flags> {
  const keyboard = new Keyboard();
  const usual = (name: string, fallback: string): string => {
    const text = (env[envName(name)] ?? '').trim();
    return text === '' ? fallback : text;
  };
  const host = await keyboard.ask('IP deste servidor', usual('host', '127.0.0.1'), readHost);
  const freePort = String(await firstFreePort(host));
  const port = await keyboard.ask('Porta deste servidor', usual('porta-mensagem', freePort), readPort);
  const leader = parseHostPort(usual('lider', LEADER_DEFAULTS.leader), 'KVS_LIDER', LEADER_DEFAULTS.leader);
  const leaderHost = await keyboard.ask('IP do líder', leader.host, readHost);
  const leaderPort = await keyboard.ask('Porta do líder', String(leader.port), readPort);
  const self = serverText(host, port);
  const leaderText = serverText(leaderHost, leaderPort);
  let servers = usual('servidores-lider', LEADER_DEFAULTS.servers.join(','));
  const both = [self, leaderText];
  if (!both.every((address) => servers.split(/[\s,]+/).includes(address))) {
    const fallback = [...new Set([leaderText, self])].join(',');
    servers = await keyboard.ask('Todos os servidores, separados por vírgula', fallback, (text) => text);
  }
  keyboard.close();
  return { host, 'porta-mensagem': String(port), lider: leaderText, 'servidores-lider': servers };
}

function readHost(text: string): string {
  return parseHost(text, 'IP');
}

function readPort(text: string): number {
  const port = parsePort(text, 'porta');
  if (port === 0) throw new KvsError('CONFIGURACAO', 'a porta 0 não serve: os outros precisam saber dela');
  return port;
}

/** The first of the three usual ports that nobody uses, so that three servers may be started with Enter alone. */
async function firstFreePort(host: string): Promise<number> {
  for (const address of LEADER_DEFAULTS.servers) {
    const { port } = parseHostPort(address, '', address);
    if (await canListen(host, port)) return port;
  }
  return LEADER_DEFAULTS.port;
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen({ host, port }, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
