/**
 * What every engine offers to every door. A method answers at once where it can (the fleet engine keeps everything in
 * memory) and with a promise where it must ask others; callers handle both, so that the hot path allocates none.
 */
export type Awaitable<T> = T | Promise<T>;

/** One stored value as readers see it. */
export interface Row {
  readonly key: string;
  readonly value: string;
  /** 1, 2, 3, … per key. */
  readonly version: number;
  /** ms since 1970, strictly increasing per key. */
  readonly timestamp: number;
}

export interface Engine {
  /**
   * Adds the next version of `key`.
   * Throws KvsError: VERSAO_ESGOTADA, LIMITE_*, RELOGIO_ADIANTADO, SERVIDOR_ENTRANDO, SERVIDOR_SAINDO.
   * @returns the new version and its timestamp
   */
  insert(key: string, value: string): Awaitable<{ readonly version: number; readonly timestamp: number }>;

  /**
   * The greatest version ≤ `version` (all versions if `undefined`) of `key`; `undefined` if there is none.
   * Among siblings of one version the last in the order (version, timestamp, origin) answers.
   */
  query(key: string, version: number | undefined): Awaitable<Row | undefined>;

  /**
   * Removes exactly `version` (with its siblings), or every version if `undefined`.
   * Throws KvsError: CHAVE_INEXISTENTE, VERSAO_INEXISTENTE, and as {@link insert}.
   */
  remove(key: string, version: number | undefined): Awaitable<void>;

  /**
   * For every key, the greatest version ≤ `version` (the latest if `undefined`), lazily: nothing is copied, a slow
   * reader costs nothing. Each row is true at the moment it is read. An `undefined` among the rows means that many keys
   * without one were passed: a chance to let others run.
   */
  snapshot(version: number | undefined): Iterable<Row | undefined> | AsyncIterable<Row | undefined>;
}
