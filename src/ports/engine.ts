import type { Attempt } from '../core/attempt.js';
import type { Guarantees } from './guarantees.js';

/**
 * What every engine offers to every door. A method answers at once where it can (the fleet engine keeps everything in
 * memory) and with a promise where it must ask others; callers handle both, so that the hot path allocates none.
 */
export type Awaitable<T> = T | Promise<T>;

/**
 * Rows one after the other, read when they are asked for: nothing is copied, a slow reader costs nothing. An
 * `undefined` among them means that many keys without a row were passed: a chance to let others run.
 */
export type Stream<T> = Iterable<T | undefined> | AsyncIterable<T | undefined>;

/** One stored value as readers see it. */
export interface Row {
  readonly key: string;
  readonly value: string;
  /** 1, 2, 3, … per key. */
  readonly version: number;
  /** ms since 1970, strictly increasing per key. */
  readonly timestamp: number;
}

/** Where a new version is. */
export interface Inserted {
  readonly version: number;
  readonly timestamp: number;
}

/** A new row, and the newest before it. */
export interface Put {
  readonly row: Row;
  readonly previous: Row | undefined;
}

/** A key that exists, with its row at the time asked for, if it had one then. */
export interface RangeRow {
  readonly key: string;
  readonly row: Row | undefined;
}

/** A value that no other supersedes, with its vector clock: for each origin, the last seq for this key. */
export interface Head {
  readonly value: string;
  readonly timestamp: number;
  readonly origin: string;
  readonly clock: readonly (readonly [origin: string, seq: number])[];
}

/**
 * The head of an engine that keeps no concurrent writes: the newest row, whose version is the count of all writes before it.
 * @param origin stands for all servers, since the order of their writes is one
 */
export function onlyHead(row: Row | undefined, origin: string): readonly Head[] {
  if (row === undefined) return [];
  const { value, timestamp, version } = row;
  return [{ value, timestamp, origin, clock: [[origin, version]] }];
}

/** What became of a version that came from elsewhere. */
export interface Restored {
  readonly version: number;
  /** `renumbered`: it is the next version of its key, accepted now. `present`: it was there, nothing was done. */
  readonly outcome: 'kept' | 'renumbered' | 'present';
}

/** What an engine promises; doors and the conformance suite choose by it, never by an engine's name. */
export interface Capabilities {
  /** Concurrent writes are kept side by side; without, {@link Engine.heads} shows one value at most. */
  readonly heads: boolean;
  /** Every answer reflects all writes acknowledged before it was asked for, on whichever server. */
  readonly linearizable: boolean;
  /** Data survive the end of all servers. */
  readonly durable: boolean;
  /**
   * Calls take effect in the order in which they are made, also before the one before is answered; so a stream of them
   * need not wait for each answer.
   */
  readonly pipelined?: boolean;
  /** {@link Engine.insert} and {@link Engine.put} heed attempts. Whoever gives one to an engine without this is not heeded. */
  readonly remembersRequests?: boolean;
  /**
   * Whether {@link Engine.commit} is one step among the writes of all servers, of which each server shows all or nothing
   * (`everywhere`); one step only for those who ask this server (`here`); or not offered.
   */
  readonly commits: 'everywhere' | 'here' | 'none';
}

/** Holds if the newest row of `key`, as {@link Engine.queryAt} gives it, has this version; 0: if the key has no row. */
export interface Guard {
  readonly key: string;
  readonly version: number;
}

/** Adds the next version of a key, or removes every version of it (nothing happens if it has none). */
export type Write =
  { readonly key: string; readonly value: string } | { readonly key: string; readonly remove: true };

/**
 * What {@link Engine.commit} does. At most `limits.commitGuards` guards, `limits.commitWrites` writes, each of another key,
 * and `limits.commitBytes` of keys and values: beyond, it is refused with PEDIDO_INVALIDO.
 */
export interface Commit {
  readonly guards: readonly Guard[];
  readonly writes: readonly Write[];
}

/**
 * Every method may throw (or reject with) a KvsError: SERVIDOR_ENTRANDO, SERVIDOR_SAINDO, SEM_MAIORIA; writes also
 * LIMITE_*, VERSAO_ESGOTADA, RELOGIO_ADIANTADO, and RESULTADO_DESCONHECIDO when nobody can tell whether it was done.
 */
export interface Engine {
  readonly capabilities: Capabilities;

  /** What clients may ask for beyond that; absent: nothing. */
  readonly guarantees?: Guarantees;

  /**
   * Adds the next version of `key`. With an attempt: unless that was done already, in this attempt or an earlier one,
   * as far as the engine remembers; then it answers what became of it. Throws also PEDIDO_REPETIDO, and
   * RESULTADO_DESCONHECIDO for a repeated attempt from a time that it does not remember.
   */
  insert(key: string, value: string, attempt?: Attempt): Awaitable<Inserted>;

  /** As {@link insert}, and tells what was newest before, as one step. */
  put(key: string, value: string, attempt?: Attempt): Awaitable<Put>;

  /**
   * The greatest version ≤ `version` (all versions if `undefined`) of `key`; `undefined` if there is none.
   * Among siblings of one version the last in the order (version, timestamp, origin) answers.
   */
  query(key: string, version: number | undefined): Awaitable<Row | undefined>;

  /** The row with the greatest timestamp ≤ `timestamp` (the newest if `undefined`), in the order (timestamp, origin). */
  queryAt(key: string, timestamp: number | undefined): Awaitable<Row | undefined>;

  /**
   * Removes exactly `version` (with its siblings), or every version if `undefined`.
   * Throws KvsError also: CHAVE_INEXISTENTE, VERSAO_INEXISTENTE.
   */
  remove(key: string, version: number | undefined): Awaitable<void>;

  /** Removes every version; the newest that was removed, `undefined` if there was none. */
  removeAll(key: string): Awaitable<Row | undefined>;

  /** Removes every version but the newest, and returns it; `undefined` if there was none. */
  trim(key: string): Awaitable<Row | undefined>;

  /**
   * Does all of the writes if every guard holds, else nothing, as one step: nobody who asks this server sees a part of
   * them, or writes between the look at the guards and the last write. Where `commits` is `everywhere` that is true whichever
   * server is asked; where it is `here`, of this one: others may write at the same moment, and what comes of that is
   * what comes of any concurrent writes. A key may be guarded and written.
   *
   * Throws before anything was written, except RESULTADO_DESCONHECIDO.
   * @returns whether the guards held, and so whether it was done
   */
  commit(change: Commit): Awaitable<boolean>;

  /**
   * For every key, the greatest version ≤ `version` (the latest if `undefined`). Each row is true at the moment it is
   * read.
   */
  snapshot(version: number | undefined): Stream<Row>;

  /**
   * Every key from `from` to `to`, both included, that has a row now, in the order of code points (that of UTF-8
   * bytes), with its row as {@link queryAt} gives it.
   */
  range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow>;

  /** The values of a key that no other supersedes. */
  heads(key: string): Awaitable<readonly Head[]>;

  /** Every version of a key, in ascending order. Each is true at the moment it is read. */
  versions(key: string): Stream<Row>;

  /** Every version of every key, as they are together at one moment; those of a key in ascending order. */
  everything?(): Stream<Row>;

  /** Takes a version that comes from elsewhere, under its number and its timestamp where the key has none as late. */
  restore?(row: Row): Awaitable<Restored>;
}
