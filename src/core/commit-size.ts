import { KvsError } from './errors.js';
import { limits } from './limits.js';

/** The keys and values that a commit names: see `Commit` in `ports/engine.ts`. */
interface NamedKeys {
  readonly guards: readonly { readonly key: string }[];
  readonly writes: readonly { readonly key: string; readonly value?: string }[];
}

/**
 * Refuses a commit that not every engine could do atomically.
 * @throws KvsError PEDIDO_INVALIDO if it is too large, or writes a key twice
 */
export function assertCommitFits({ guards, writes }: NamedKeys): void {
  if (guards.length > limits.commitGuards || writes.length > limits.commitWrites) {
    throw refused(`no máximo ${limits.commitGuards} condições e ${limits.commitWrites} escritas`);
  }
  if (new Set(writes.map(({ key }) => key)).size < writes.length) throw refused('cada chave uma só vez');
  let bytes = 0;
  for (const { key } of guards) bytes += Buffer.byteLength(key);
  for (const { key, value = '' } of writes) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (bytes > limits.commitBytes) {
    throw refused(`no máximo ${limits.commitBytes} bytes de chaves e valores, e vieram ${bytes}`);
  }
}

function refused(rule: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `várias chaves num passo só: ${rule}`);
}
