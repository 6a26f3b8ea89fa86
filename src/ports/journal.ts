import type { Dot, VectorEntries } from '../core/dot.js';
import type { KvsError } from '../core/errors.js';
import type { EntryRecord } from '../core/record.js';

/** Called once, later: `undefined` when it is durable; otherwise nothing of it may be relied on. */
export type Done = (failure: KvsError | undefined) => void;

/** An entry as it is kept. Whether it is superseded is said of its key. */
export type KeptEntry = Omit<EntryRecord, 'superseded'>;

/**
 * What the entries of a key do not say by themselves. Absent for most keys: those whose counters are the version and
 * timestamp of their last entry, and whose last entry is the only one not superseded.
 */
export interface KeyMark {
  readonly greatestVersion: number;
  readonly greatestTimestamp: number;
  /** The entries that are not superseded. */
  readonly heads: readonly Dot[];
}

/** A key as it is kept. */
export interface KeptKey {
  readonly key: string;
  readonly mark: KeyMark | undefined;
  readonly entries: readonly KeptEntry[];
}

/** Takes what a journal has kept, in this order: the vector, every key, every batch. */
export interface JournalReader {
  /** What had been applied when the state was written. */
  vector(vector: VectorEntries): void;
  key(kept: KeptKey): void;
  /** A batch, as it was appended, applied after that state and after the batches before it. */
  batch(packed: string): void;
}

/**
 * A server's memory beyond its process: a state (entries, counters, vector) and a log of batches applied since.
 *
 * One thing at a time: nothing may be called while {@link append}, a checkpoint's commit or {@link recover} is under
 * way. Callbacks come in a later turn, never at once. After a failure only {@link recover} and {@link close} make sense.
 */
export interface Journal {
  /**
   * Hands over everything that is kept. Called once, before anything else.
   * @throws KvsError DADOS_INVALIDOS
   */
  load(reader: JournalReader): Promise<void>;
  /** Adds batches after all before them, all or none. Failures: DISCO_CHEIO, DISCO_FALHOU. */
  append(batches: readonly string[], done: Done): void;
  /**
   * Begins to write a new state, which replaces the log.
   * @param whole everything will be put: what was kept before goes. Otherwise only what changed.
   */
  checkpoint(whole: boolean): Checkpoint;
  /**
   * After a failure: finds out whether it can be written again. What failed may nevertheless have been kept; it has
   * no effect once a checkpoint has been committed.
   */
  recover(done: Done): void;
  /** Ends it; nothing may be under way. Never rejects. */
  close(): Promise<void>;
}

/** A state in the making: nothing of it counts before it is committed, all of it afterwards. */
export interface Checkpoint {
  putEntry(key: string, entry: KeptEntry): void;
  /** Takes an entry out, whether it is there or not. */
  removeEntry(key: string, entry: Dot & { readonly version: number }): void;
  putMark(key: string, mark: KeyMark): void;
  removeMark(key: string): void;
  /** @param vector what had been applied. Failures: DISCO_CHEIO, DISCO_FALHOU. */
  commit(vector: VectorEntries, done: Done): void;
  /** Forgets it. */
  discard(): void;
}
