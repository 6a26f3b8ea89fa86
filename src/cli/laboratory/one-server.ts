import { CLIENT_OPTIONS } from '../../config/client-options.js';
import { Settings } from '../../config/settings.js';
import type { Flags, SettingSources } from '../../config/settings.js';
import { RECONNECTION_OPTIONS } from '../../config/store-options.js';
import { KvsError } from '../../core/errors.js';
import { formatOf } from '../format.js';
import type { Format } from '../format.js';
import type { Output } from '../output.js';
import { targetOf } from '../target.js';
import type { Target } from '../target.js';

/**
 * The one server that a command of the laboratory is about, and how its answers look.
 * @throws KvsError CONFIGURACAO
 */
export function oneServer(
  command: string,
  flags: Flags,
  env: SettingSources['env'],
  output: Output,
): { readonly target: Target; readonly format: Format } {
  const sources = { flags, env, file: undefined };
  const settings = new Settings(RECONNECTION_OPTIONS, sources);
  const format = formatOf(settings.value('json'), settings.value('quieto'));
  const say = format === 'values' ? undefined : output.error;
  const target = targetOf(new Settings(CLIENT_OPTIONS, sources), say);
  if (target.servers.length > 1) {
    throw new KvsError('CONFIGURACAO', `${command} é de um servidor só: diga a porta dele com -p`);
  }
  return { target, format };
}
