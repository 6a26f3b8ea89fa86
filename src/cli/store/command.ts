import type { StoreName } from '../../config/commands.js';
import type { SettingSources } from '../../config/settings.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { storeContext } from './context.js';
import type { StoreContext, StoreShell } from './context.js';
import type { StoreRequest } from './request.js';

/** Loaded on demand: a command must not wait for the code of others. */
const COMMANDS: Readonly<Record<StoreName, () => Promise<(context: StoreContext) => Promise<ExitCode>>>> = {
  insere: async () => (await import('./writes.js')).insertValue,
  consulta: async () => (await import('./reads.js')).showValue,
  remove: async () => (await import('./removals.js')).removeKey,
  compara: async () => (await import('./writes.js')).compareValue,
  expira: async () => (await import('./writes.js')).renewKey,
  apara: async () => (await import('./removals.js')).trimKey,
  historico: async () => (await import('./reads.js')).showHistory,
  lista: async () => (await import('./reads.js')).showList,
  conta: async () => (await import('./reads.js')).showCount,
  observa: async () => (await import('./watch.js')).watchKeys,
  estado: async () => (await import('./system-status.js')).showStatus,
};

/**
 * A command on the store: one call of `frota.v1.Loja`. Answers go to standard output, errors to standard error.
 * @param shell in which it runs; absent: on its own
 * @throws KvsError CONFIGURACAO for options that do not fit together; VALOR_LONGO, VALOR_INVALIDO for a value that is read
 */
export async function runStore(
  request: StoreRequest,
  env: SettingSources['env'],
  output: Output,
  shell?: Partial<StoreShell>,
): Promise<ExitCode> {
  const run = await COMMANDS[request.name]();
  return run(storeContext(request, env, output, shell));
}
