import { USUAL_SERVERS, parseServers } from '../../config/server-parsers.js';
import { isOnThisMachine } from '../../config/exposure.js';
import { onlyText, parseHostPort } from '../../config/parse.js';
import { badSetting, settingReader } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { tokenOf } from '../credential.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import type { Action } from './arguments.js';
import { Keyboard } from './keyboard.js';
import { runMenu } from './menu.js';
import { Session } from './session.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * `kvs lider-cliente`: what the command line says, in its order; without that, a menu on standard error that reads
 * standard input. On standard output the lines of contract section 5 and nothing else.
 * @throws KvsError CONFIGURACAO
 */
export async function runLeaderClient(
  flags: Flags,
  actions: readonly Action[],
  insist: boolean,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const read = settingReader(
    { flags: { ...flags, 'servidores-lider': flags['servidores'] }, env, file: undefined },
    [],
  );
  const servers = read('servidores-lider');
  const addresses = servers === undefined ? USUAL_SERVERS : parseServers(servers);
  const token = tokenOf(read('credencial'), env);
  if (
    token !== undefined &&
    addresses.some((address) => !isOnThisMachine(parseHostPort(address, '', '').host))
  ) {
    output.error('aviso: Mensagem não tem TLS, e o token vai às claras pela rede');
  }
  const session = new Session({
    servers: addresses,
    insist,
    timeoutMs: number(read('prazo'), DEFAULT_TIMEOUT_MS, 1, 600_000),
    timestamp: number(read('timestamp'), 0, 0, Number.MAX_SAFE_INTEGER),
    token,
    output,
    random: Math.random,
  });
  if (actions.length === 0) return runMenu(session, new Keyboard());
  let exit: ExitCode = EXIT.ok;
  for (const action of actions) {
    const ended = await (action.kind === 'put'
      ? session.put(action.key, action.value)
      : session.get(action.key));
    if (exit === EXIT.ok) exit = ended;
  }
  return exit;
}

function number(
  setting: ReturnType<ReturnType<typeof settingReader>>,
  fallback: number,
  least: number,
  most: number,
): number {
  if (setting === undefined) return fallback;
  const text = onlyText(setting);
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value < least || value > most) {
    throw badSetting(setting.place, text, `um número inteiro, de ${least} a ${most}`);
  }
  return value;
}
