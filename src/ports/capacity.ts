/** How full a server is: one figure beside its limit for everything that it refuses writes for. */

/** What may be full. `versoes` is of one key, named beside it; `espaco` is the disk quota of the replicas. */
export type CapacityName = 'entradas' | 'bytes' | 'chaves' | 'origens' | 'versoes' | 'espaco';

/** One limit and what is used of it. */
export interface Usage {
  readonly name: CapacityName;
  /** Of `versoes`: the key. */
  readonly key?: string;
  readonly used: number;
  /** From here on local writes that need more of it are refused. */
  readonly limit: number;
  /** Local writes refused for it since the start. */
  readonly refused: number;
}

/** Whatever knows how full it is. */
export interface HasCapacity {
  /** Every limit, used much or little; of `versoes` only keys that are near it. Cheap: no scan. */
  capacity(): readonly Usage[];
}
