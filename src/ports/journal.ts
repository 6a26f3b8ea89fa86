import type { Dot, VectorEntries } from '../core/dot.js';
import type { KvsError } from '../core/errors.js';
import type { EntryRecord } from '../core/record.js';

/** Called once, asynchronously: with `undefined` when the data is durable; otherwise none of it may be relied on. */
export type Done = (failure: KvsError | undefined) => void;

/** An entry as the journal keeps it. Whether it is superseded is kept with its key. */
export type KeptEntry = Omit<EntryRecord, 'superseded'>;

/**
 * What cannot be derived from the entries of a key. Absent for most keys: those whose counters equal the version and
 * timestamp of their last entry, and whose last entry is the only one not superseded.
 */
export interface KeyMark {
  readonly greatestVersion: number;
  readonly greatestTimestamp: number;
  /** The entries that are not superseded. */
  readonly heads: readonly Dot[];
}

/** A key as the journal keeps it. */
export interface KeptKey {
  readonly key: string;
  readonly mark: KeyMark | undefined;
  readonly entries: readonly KeptEntry[];
}

/** Receives the content of a journal, in this order: the vector, every key, every batch. */
export interface JournalReader {
  /** The vector of the state when it was written. */
  vector(vector: VectorEntries): void;
  key(kept: KeptKey): void;
  /** A batch, exactly as it was appended, to be applied after the state and the batches before it. */
  batch(packed: string): void;
}

/**
 * A server's storage on disk: a state (entries, counters, vector) and a log of the batches applied since.
 *
 * Operations must not overlap: nothing may be called while {@link append}, a checkpoint's commit or {@link recover} is
 * under way. Callbacks are never called synchronously. After a failure only {@link recover} and {@link close} may be
 * called.
 */
export interface Journal {
  /**
   * Passes everything that is kept to the reader. Called once, before anything else.
   * @throws KvsError DADOS_INVALIDOS
   */
  load(reader: JournalReader): Promise<void>;
  /** Appends batches to the log, all or none. Failures: DISCO_CHEIO, DISCO_FALHOU. */
  append(batches: readonly string[], done: Done): void;
  /**
   * Begins a new state, which replaces the log.
   * @param whole whether everything will be put and the old state is dropped; otherwise only changes are put
   */
  checkpoint(whole: boolean): Checkpoint;
  /**
   * Finds out after a failure whether writing is possible again. Data of the failed operation may have been kept
   * nevertheless; it has no effect once a checkpoint has been committed.
   */
  recover(done: Done): void;
  /** Closes the journal; no operation may be under way. Never rejects. */
  close(): Promise<void>;
}

/** A state being written: it takes effect as a whole when it is committed. */
export interface Checkpoint {
  putEntry(key: string, entry: KeptEntry): void;
  /** Removes an entry; no error if it does not exist. */
  removeEntry(key: string, entry: Dot & { readonly version: number }): void;
  putMark(key: string, mark: KeyMark): void;
  removeMark(key: string): void;
  /** @param vector the vector of the state. Failures: DISCO_CHEIO, DISCO_FALHOU. */
  commit(vector: VectorEntries, done: Done): void;
  /** Abandons the state. */
  discard(): void;
}
