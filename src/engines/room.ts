import type { Origin } from '../core/dot.js';
import { KvsError, type ErrorCode } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { engineLimits } from './limits.js';
import type { Store } from '../core/store.js';
import type { StoredKey } from '../core/stored-key.js';
import type { CapacityName, Usage } from '../ports/capacity.js';

/** The limits of one store; tests make them small. */
export interface RoomLimits {
  readonly entries: number;
  readonly storeBytes: number;
  readonly keys: number;
  readonly entriesPerKey: number;
  readonly origins: number;
}

export const defaultRoomLimits: RoomLimits = Object.freeze({
  entries: engineLimits.entries,
  storeBytes: engineLimits.storeBytes,
  keys: engineLimits.keys,
  entriesPerKey: limits.entriesPerKey,
  origins: limits.origins,
});

/** Keys near the limit of versions that are remembered by name, for people; the first ones to get there. */
const CROWDED_KEYS = 16;

/**
 * Whether a local write fits the store, and how full the store is. A peer's write is never refused: it was acknowledged
 * already, and refusing it here would make the replicas diverge.
 */
export class Room {
  private readonly refused: Record<CapacityName, number> = {
    ...{ entradas: 0, bytes: 0, chaves: 0, origens: 0, versoes: 0, espaco: 0 },
  };
  /** Keys near the limit of versions, noticed when one more was added here, with the inserts refused for it. */
  private readonly crowded = new Map<string, number>();

  constructor(private readonly max: RoomLimits = defaultRoomLimits) {}

  /**
   * Refuses the first write of an incarnation beyond the limit of origins: far below what
   * is taken of peers.
   *
   * @throws KvsError LIMITE_ORIGENS
   */
  assertOriginFits(store: Store, origin: Origin): void {
    const { origins } = this.max;
    if (store.vector.size < origins || store.vector.seqOf(origin) > 0) return;
    this.refused.origens++;
    throw new KvsError(
      'LIMITE_ORIGENS',
      `a frota já teve ${origins} aberturas de servidores que escreveram; este só lê. Recomece a frota com os dados de um snapshot`,
    );
  }

  /**
   * Refuses a local insert for which the store has no room.
   *
   * @throws KvsError LIMITE_ENTRADAS, LIMITE_MEMORIA, LIMITE_CHAVES, LIMITE_VERSOES_POR_CHAVE
   */
  assertFits(store: Store, key: StoredKey, value: string): void {
    const { entries, storeBytes, keys, entriesPerKey } = this.max;
    if (store.entryCount >= entries) throw this.full('entradas', 'LIMITE_ENTRADAS', `${entries} entradas`);
    if (store.estimatedBytes + key.name.length + value.length > storeBytes)
      throw this.full('bytes', 'LIMITE_MEMORIA', `${storeBytes} bytes`);
    if (store.keyCount >= keys && !key.isKnown) throw this.full('chaves', 'LIMITE_CHAVES', `${keys} chaves`);
    if (key.entryCount >= entriesPerKey * engineLimits.nearFraction) this.assertUncrowded(key);
  }

  /** Inserts refused since the start for the versions of any key. */
  get crowdedRefusals(): number {
    return this.refused.versoes;
  }

  /** How full the store is: see {@link HasCapacity}. */
  usage(store: Store): readonly Usage[] {
    const { refused, max } = this;
    return [
      { name: 'entradas', used: store.entryCount, limit: max.entries, refused: refused.entradas },
      { name: 'bytes', used: store.estimatedBytes, limit: max.storeBytes, refused: refused.bytes },
      { name: 'chaves', used: store.keyCount, limit: max.keys, refused: refused.chaves },
      { name: 'origens', used: store.vector.size, limit: max.origins, refused: refused.origens },
      ...this.crowdedUsage(store),
    ];
  }

  private assertUncrowded(key: StoredKey): void {
    const { entriesPerKey } = this.max;
    const isFull = key.entryCount >= entriesPerKey;
    const refused = this.crowded.get(key.name);
    if (refused !== undefined || this.crowded.size < CROWDED_KEYS)
      this.crowded.set(key.name, (refused ?? 0) + (isFull ? 1 : 0));
    if (isFull)
      throw this.full('versoes', 'LIMITE_VERSOES_POR_CHAVE', `${entriesPerKey} versões nesta chave`);
  }

  private crowdedUsage(store: Store): readonly Usage[] {
    const limit = this.max.entriesPerKey;
    return [...this.crowded].map(([key, refused]) => {
      const used = store.entriesOf(key);
      if (used < limit * engineLimits.farFraction) this.crowded.delete(key);
      return { name: 'versoes', key, used, limit, refused };
    });
  }

  private full(name: CapacityName, code: ErrorCode, limit: string): KvsError {
    this.refused[name]++;
    return new KvsError(
      code,
      `limite atingido: ${limit}; remova versões antigas, ou deixe que a retenção as remova`,
    );
  }
}
