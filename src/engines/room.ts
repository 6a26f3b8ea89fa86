import type { Origin } from '../core/dot.js';
import { KvsError, type ErrorCode } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { engineLimits } from './limits.js';
import type { Store } from '../core/store.js';
import type { StoredKey } from '../core/stored-key.js';

/**
 * Refuses the first write of an incarnation beyond the limit of origins: peers at that limit would drop its batches.
 *
 * @throws KvsError LIMITE_ORIGENS
 */
export function assertOriginFits(store: Store, origin: Origin, origins: number): void {
  if (store.vector.size < origins || store.vector.seqOf(origin) > 0) return;
  throw new KvsError(
    'LIMITE_ORIGENS',
    `a frota já teve ${origins} aberturas de servidores que escreveram; este só lê. Recomece a frota com os dados de um snapshot`,
  );
}

/**
 * Refuses a local insert for which the store has no room. A peer's insert is never refused: it was acknowledged
 * already, and refusing it here would make the replicas diverge.
 *
 * @throws KvsError LIMITE_ENTRADAS, LIMITE_MEMORIA, LIMITE_CHAVES, LIMITE_VERSOES_POR_CHAVE
 */
export function assertRoomFor(store: Store, key: StoredKey, value: string): void {
  if (store.entryCount >= engineLimits.entries)
    throw full('LIMITE_ENTRADAS', `${engineLimits.entries} entradas`);
  if (store.estimatedBytes + key.name.length + value.length > engineLimits.storeBytes) {
    throw full('LIMITE_MEMORIA', `${engineLimits.storeBytes} bytes`);
  }
  if (store.keyCount >= engineLimits.keys && !key.isKnown)
    throw full('LIMITE_CHAVES', `${engineLimits.keys} chaves`);
  if (key.entryCount >= limits.entriesPerKey) {
    throw full('LIMITE_VERSOES_POR_CHAVE', `${limits.entriesPerKey} versões nesta chave`);
  }
}

function full(code: ErrorCode, limit: string): KvsError {
  return new KvsError(code, `limite atingido: ${limit}; remova versões antigas`);
}
