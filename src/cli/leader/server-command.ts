import type { Socket } from 'node:net';
import { serverConfig } from '../../config/server-config.js';
import { unknownVariables } from '../../config/commands.js';
import type { ServerConfig } from '../../config/server-config.js';
import type { LeaderConfig } from '../../config/engine-config.js';
import { startLeaderServer } from '../../app/leader-server.js';
import { parseHost, parseHostPort, parsePort } from '../../config/parse.js';
import { runServer } from '../../app/run.js';
import { LEADER_EXAMPLE, serverText, USUAL_SERVERS } from '../../config/server-parsers.js';
import { envName } from '../../config/option.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { LOOPBACKS, openPorts } from '../../security/tls/open-ports.js';
import type { Hosts } from '../../security/tls/open-ports.js';
import { typedAliases } from './arguments.js';
import { Keyboard } from './keyboard.js';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * `kvs lider-servidor`: runs until a signal ends it. Asks for options if none are given.
 * @returns the exit code
 * @throws KvsError CONFIGURACAO, PORTA_EM_USO
 */
export async function runLeaderServerCommand(
  flags: Flags,
  env: Env,
  words: readonly string[],
): Promise<ExitCode> {
  const asked = Object.keys(flags).length === 0 ? await askSettings(env) : undefined;
  const given = asked?.flags ?? flags;
  const { 'porta-grpc': grpc, ...own } = given;
  // A port for other servers in the environment is not meant here.
  const config = serverConfig({
    flags: { ...own, motor: 'lider', porta: grpc ?? '0' },
    env,
    file: undefined,
    typed: typedAliases(words),
  });
  const warnings = unknownVariables(env).map(
    (name) => `a variável ${name} não é uma opção conhecida e foi ignorada`,
  );
  const leftBehind = await runServer(config, warnings, async (_, logger, onServing) => {
    await asked?.hold.release();
    return startLeaderServer(config, leaderOf(config), logger, onServing, grpc !== undefined);
  }).catch((error: unknown) => {
    const { code, message } = KvsError.from(error);
    if (code !== 'PORTA_EM_USO') throw error;
    const options = grpc === undefined ? '--porta' : '--porta, ou a de gRPC com --porta-grpc';
    throw new KvsError(code, `${message}; escolha outra com ${options}`, { cause: error });
  });
  return leftBehind ? EXIT.leftBehind : EXIT.ok;
}

function leaderOf({ engine }: ServerConfig): LeaderConfig {
  if (engine.name !== 'lider') throw new KvsError('INTERNO', `motor ${engine.name}`);
  return engine;
}

/** The four questions of the contract, and a fifth unless the three default servers are meant. */
async function askSettings(env: Env): Promise<{ readonly flags: Flags; readonly hold: Hold }> {
  const keyboard = new Keyboard();
  const usual = (name: string, fallback: string): string => {
    const text = (env[envName(name)] ?? '').trim();
    return text === '' ? fallback : text;
  };
  const host = await keyboard.ask('IP deste servidor', usual('host', LOOPBACKS[0]), readHost);
  // The default address counts as not given.
  const isUsual = host === LOOPBACKS[0] && usual('host', '') === '';
  const hold = await askPort(keyboard, isUsual ? LOOPBACKS : host, usual('porta-mensagem', ''));
  const { port } = hold;
  const leader = parseHostPort(usual('lider', LEADER_EXAMPLE), 'KVS_LIDER', LEADER_EXAMPLE);
  const leaderHost = await keyboard.ask('IP do líder', leader.host, readHost);
  const leaderPort = await keyboard.ask('Porta do líder', String(leader.port), readPort);
  const self = serverText(host, port);
  const leaderText = serverText(leaderHost, leaderPort);
  let servers = usual('servidores-lider', USUAL_SERVERS.join(','));
  const both = [self, leaderText];
  if (!both.every((address) => servers.split(/[\s,]+/).includes(address))) {
    const fallback = [...new Set([leaderText, self])].join(',');
    servers = await keyboard.ask('Todos os servidores, separados por vírgula', fallback, (text) => text);
  }
  keyboard.close();
  const flags = { 'porta-mensagem': String(port), lider: leaderText, 'servidores-lider': servers };
  return { flags: isUsual ? flags : { ...flags, host }, hold };
}

function readHost(text: string): string {
  return parseHost(text, 'IP');
}

function readPort(text: string): number {
  const port = parsePort(text, 'porta');
  if (port === 0) throw new KvsError('CONFIGURACAO', 'a porta 0 não serve: os outros precisam saber dela');
  return port;
}

/** A port that is reserved until the server takes it. */
interface Hold {
  readonly port: number;
  release(): Promise<void>;
}

/**
 * Asks for the port. The suggested one is reserved meanwhile, so that three servers asking in three terminals suggest
 * three different ports.
 */
async function askPort(keyboard: Keyboard, host: Hosts, usual: string): Promise<Hold> {
  const offered = usual === '' ? USUAL_SERVERS.map(portOf) : [readPort(usual)];
  for (;;) {
    let hold: Hold | undefined;
    for (const port of offered) {
      hold = await tryHold(host, port);
      if (hold !== undefined) break;
    }
    const fallback = String(hold?.port ?? offered[0]);
    const port = await keyboard.ask('Porta deste servidor', fallback, readPort);
    if (hold?.port === port) return hold;
    await hold?.release();
    const own = await tryHold(host, port);
    if (own !== undefined) return own;
    // Without further input, the start itself reports that the port is taken.
    if (keyboard.isOver) return { port, release: () => Promise.resolve() };
    keyboard.say(`a porta ${port} já está em uso: diga outra, ou encerre o programa que a usa`);
  }
}

/** `undefined` if the port is taken; a foreign address is left for the start to refuse. */
async function tryHold(host: Hosts, port: number): Promise<Hold | undefined> {
  try {
    const accept = (socket: Socket): void => {
      socket.destroy();
    };
    const opened = await openPorts({ host, port, accept, onError: () => undefined });
    return { port, release: () => opened.close() };
  } catch (error) {
    if (KvsError.from(error).code === 'PORTA_EM_USO') return undefined;
    return { port, release: () => Promise.resolve() };
  }
}

function portOf(address: string): number {
  return parseHostPort(address, '', address).port;
}
