import type { Dot, Origin, VectorEntries } from '../core/dot.js';
import type { KvsError } from '../core/errors.js';
import type { Floor } from '../core/mutation.js';
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

/** What a state holds besides its origins and its keys. */
export interface StateHead {
  /** The floors of the parts that have one. */
  readonly floors: readonly (Floor & { readonly part: number })[];
  /** The fleet's clock when the state was read, ms since 1970; 0 if it is unknown. */
  readonly fleetMs: number;
  /** The causal frontier of the state; `undefined` if it is unknown. */
  readonly frontier: VectorEntries | undefined;
}

/** Receives the content of a journal, in this order: every origin, the head, every key, every batch. */
export interface JournalReader {
  /** Origins, each with its last seq in the state. Called any number of times, with other origins each time. */
  origins(entries: VectorEntries): void;
  head(head: StateHead): void;
  key(kept: KeptKey): void;
  /** A batch, exactly as it was appended, to be applied after the state and the batches before it. */
  batch(packed: string): void;
}

/**
 * A server's storage on disk: a state (entries, counters, vector, floors) and a log of the batches applied since.
 *
 * Operations must not overlap: nothing may be called while {@link append}, a checkpoint's commit or {@link recover} is
 * under way. Callbacks are never called synchronously. After a failure only {@link recover} and {@link close} may be
 * called.
 */
export interface Journal {
  /**
   * Whether the content has an older layout. It can be loaded; then a whole state must be committed before anything else
   * is written.
   */
  readonly isOutdated: boolean;
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

/** A state being written: it takes effect as a whole when it is committed. What is put later takes precedence. */
export interface Checkpoint {
  /** @param seq the last seq of the origin in the state; it must be put whenever it has advanced */
  putOrigin(origin: Origin, seq: number): void;
  /** Puts an entry, or replaces it: what may change is its flags and its attempt. */
  putEntry(key: string, entry: KeptEntry): void;
  /** Removes an entry; no error if it does not exist. */
  removeEntry(key: string, entry: Dot & { readonly version: number }): void;
  putMark(key: string, mark: KeyMark): void;
  /** Removes the mark of a key; no error if it has none. */
  removeMark(key: string): void;
  /**
   * What to wait for before more is put, so that the disk keeps up; `undefined` if nothing. It never rejects: a failure
   * is told by {@link commit}.
   */
  ready(): Promise<void> | undefined;
  /** @param head of the state. Failures: DISCO_CHEIO, DISCO_FALHOU. */
  commit(head: StateHead, done: Done): void;
  /** Abandons the state. */
  discard(): void;
}
