import { isOnThisMachine } from '../../security/tls/loopback.js';
import { LEADER_CLIENT_OPTIONS } from '../../config/leader-options.js';
import { parseHostPort } from '../../config/parse.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { tokenOf } from '../credential.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import type { Action } from './arguments.js';
import { Keyboard } from './keyboard.js';
import { runMenu } from './menu.js';
import { Session } from './session.js';

/**
 * `kvs lider-cliente`: performs the actions of the command line in order; without any, shows a menu on standard error
 * and reads standard input. Standard output gets only the lines of contract section 5.
 * @throws KvsError CONFIGURACAO
 */
export async function runLeaderClient(
  flags: Flags,
  actions: readonly Action[],
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const settings = new Settings(LEADER_CLIENT_OPTIONS, { flags, env, file: undefined });
  const addresses = settings.value('servidores');
  const token = tokenOf(settings.given('credencial'), settings.given('token'));
  if (
    token !== undefined &&
    addresses.some((address) => !isOnThisMachine(parseHostPort(address, '', '').host))
  ) {
    output.error('aviso: Mensagem não tem TLS, e o token vai às claras pela rede');
  }
  const session = new Session({
    servers: addresses,
    insist: settings.value('insiste'),
    timeoutMs: settings.value('prazo'),
    timestamp: settings.value('timestamp'),
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
