/**
 * What every engine offers to every door: three verbs over values.
 *
 * | Verb | Value | Gives |
 * |---|---|---|
 * | `read` | {@link Query}: a question about one key | {@link Answers} of its kind |
 * | `write` | {@link Write}: a change, which is one step | {@link Answers} of its kind |
 * | `scan` | {@link Scan}: a walk over many rows | a {@link Stream} of {@link Rows} of its kind |
 *
 * A layer between a door and an engine (permissions, sessions) wraps three methods and looks at the kind only where it
 * must. To add an operation, add its case to one of the unions and its answer to {@link Answers} or {@link Rows};
 * compiler and linter then name what is missing:
 *
 * - a write of one key: `decide` and `answerTo` of `src/engines/plan.ts`, once for all engines. Only a new kind of step
 *   touches the engines themselves: `engines/store-plan.ts` (mutations of a store) and
 *   `engines/consensus/transactions.ts`. The leader's servers also need it as a message: `wire/mensagem/writes.ts`.
 * - a query or a scan: the `switch` of `engines/fleet/engine.ts`, `engines/leader/engine.ts` and
 *   `engines/consensus/reading.ts`.
 * - an ability that not every engine has: a field of {@link Capabilities}.
 * - the behaviour required of every engine: a section of `tests/engines/conformance.ts`.
 *
 * docs/how-to/add-an-operation.md describes every step, from the contract to the command line.
 */
import type { Attempt } from '../core/attempt.js';
import type { Guarantees } from './guarantees.js';
import type { Count, Counted, Line, LineQuery, Lines, List } from './lines.js';
import type { Watch, WatchEvent } from './watch.js';

/**
 * An answer: a plain value where the engine has it (the fleet keeps everything in memory), a promise where it must ask
 * other servers. Callers handle both, so that the hot path allocates no promise.
 */
export type Awaitable<T> = T | Promise<T>;

/**
 * Rows read lazily, one by one: nothing is copied, and a slow reader costs nothing. An `undefined` means that many keys
 * without a row were skipped, so that the reader may yield to the event loop.
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
  /** When the value expires, ms since 1970; absent if never. */
  readonly expiresAt?: number;
}

/** A key that exists, with the row that it had at the requested time, if any. */
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

/** The result of restoring a version. */
export interface Restored {
  readonly version: number;
  /**
   * `renumbered`: it was accepted as the next version of its key. `present`: it existed already, `expired`: it has
   * expired meanwhile; nothing was done.
   */
  readonly outcome: 'kept' | 'renumbered' | 'present' | 'expired';
}

/** What an engine promises. Doors and the conformance suite depend on it, never on an engine's name. */
export interface Capabilities {
  /** Concurrent writes are kept side by side; otherwise a {@link HeadsQuery} finds at most one value. */
  readonly heads: boolean;
  /** Every answer reflects all writes that any server acknowledged before the request. */
  readonly linearizable: boolean;
  /** Data survive when all servers stop. */
  readonly durable: boolean;
  /**
   * Calls take effect in the order in which they are made, even if earlier ones are still unanswered, so a stream of
   * calls need not wait for each answer.
   */
  readonly pipelined?: boolean;
  /** The attempt of an {@link Insert} is honoured; otherwise it is ignored. */
  readonly remembersRequests?: boolean;
  /**
   * Whether a {@link Commit} is atomic on all servers (`everywhere`), atomic only for callers of this server (`here`),
   * or not offered (`none`).
   */
  readonly commits: 'everywhere' | 'here' | 'none';
  /** The scan {@link Everything} is offered. */
  readonly everything: boolean;
  /** The write {@link Restore} is offered. */
  readonly restores: boolean;
  /** The `ttlMs` of an {@link Insert} is honoured; otherwise an insert that has one is refused with NAO_SUPORTADO. */
  readonly expires?: boolean;
  /** The write {@link CompareWrite} is offered: no writer of any server comes between the comparison and the write. */
  readonly compares?: boolean;
  /** The scan {@link Watch} is offered. */
  readonly watches?: boolean;
}

// ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A question about one key. {@link Answers} has the answer of each kind. */
export type Query = VersionQuery | InstantQuery | HeadsQuery | LineQuery;

interface VersionQuery {
  readonly kind: 'version';
  readonly key: string;
  /** Absent: the latest. */
  readonly version?: number | undefined;
}

interface InstantQuery {
  readonly kind: 'instant';
  readonly key: string;
  /** ms since 1970. Absent: now. */
  readonly timestamp?: number | undefined;
}

interface HeadsQuery {
  readonly kind: 'heads';
  readonly key: string;
}

// ── writes ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A change. {@link Answers} has the answer of each kind. Each is atomic: nobody sees a part of it. */
export type Write = KeyWrite | Commit;

/** A change of one key. */
export type KeyWrite = Insert | Remove | RemoveAll | Trim | Restore | CompareWrite | Renew;

/**
 * Adds the next version of `key`. If the engine remembers that this attempt or an earlier one was done, it writes
 * nothing and answers with the earlier result. Also throws PEDIDO_REPETIDO, and RESULTADO_DESCONHECIDO for a repeated
 * attempt from before what it remembers.
 *
 * `put` does the same, and also returns the previous newest row.
 */
export interface Insert {
  readonly kind: 'insert' | 'put';
  readonly key: string;
  readonly value: string;
  readonly attempt?: Attempt | undefined;
  /**
   * How long the value lives, in ms; absent: for ever. Once it has expired the key has no latest value, until another
   * insert gives it one: what this insert replaced never becomes the latest again, but is still found by its version.
   */
  readonly ttlMs?: number | undefined;
}

/** Removes exactly `version` (with its siblings), or every version if absent. Throws CHAVE_INEXISTENTE, VERSAO_INEXISTENTE. */
interface Remove {
  readonly kind: 'remove';
  readonly key: string;
  readonly version?: number | undefined;
}

/** Removes every version. Nothing happens if there is none. */
interface RemoveAll {
  readonly kind: 'removeAll';
  readonly key: string;
}

/** Removes every version but the newest. Nothing happens if there is none. */
interface Trim {
  readonly kind: 'trim';
  readonly key: string;
}

/**
 * Adds a version exported from another store. It keeps its version number and timestamp if the key has none as late,
 * else it becomes the next version. Only where {@link Capabilities.restores}.
 */
export interface Restore extends Row {
  readonly kind: 'restore';
}

/**
 * Adds the next version of a key, or removes all its versions, if its latest has the version that the caller has seen.
 * Only where {@link Capabilities.compares}. Throws VERSAO_OUTRA, and nothing is done, if it has another, and
 * CHAVE_INEXISTENTE if there is none and none was to be there, and it should be removed.
 */
export interface CompareWrite {
  readonly kind: 'compare';
  readonly key: string;
  /** The version that the latest must have; 0: there must be none. */
  readonly expected: number;
  /** Absent: every version is removed. */
  readonly value?: string | undefined;
  /** As of {@link Insert}. */
  readonly ttlMs?: number | undefined;
}

/**
 * Sets, renews or lifts when the latest version of a key expires: adds a version with the same value. Throws
 * CHAVE_INEXISTENTE if there is none.
 */
interface Renew {
  readonly kind: 'renew';
  readonly key: string;
  /** As of {@link Insert}; absent: it lives for ever. */
  readonly ttlMs?: number | undefined;
}

/**
 * Does all of the writes if every guard holds, else none, atomically: no caller of this server sees a part of them, or
 * writes between the check of the guards and the last write. With `commits` set to `everywhere` this holds on all
 * servers. With `here` it holds on this one only: other servers may write at the same moment, with the result of any
 * concurrent writes. A key may be both guarded and written.
 *
 * At most `limits.commitGuards` guards, `limits.commitWrites` writes, each of a different key, and `limits.commitBytes`
 * of keys and values; a larger commit is refused with PEDIDO_INVALIDO. Any error but RESULTADO_DESCONHECIDO means that
 * nothing was written.
 */
export interface Commit {
  readonly kind: 'commit';
  readonly guards: readonly Guard[];
  readonly writes: readonly CommitWrite[];
}

/**
 * Holds if the newest row of `key`, as an {@link InstantQuery} gives it, has this version; 0 holds if the key has no
 * row.
 */
export interface Guard {
  readonly key: string;
  readonly version: number;
}

/** What a commit may do to each key. */
export type CommitWrite =
  { readonly kind: 'insert'; readonly key: string; readonly value: string } | RemoveAll;

/** The answer to each {@link Query} and each {@link Write}. */
export interface Answers {
  /**
   * The row of the greatest version ≤ the one asked for. Among siblings of one version the last in the order (version,
   * timestamp, origin) answers.
   */
  version: Row | undefined;
  /** The row with the greatest timestamp ≤ the one asked for, in the order (timestamp, origin). */
  instant: Row | undefined;
  /** The values of the key that no other supersedes. */
  heads: readonly Head[];
  /** The same row as that of a version or an instant, or the one so many before the latest. */
  line: Line | undefined;
  /** The place of the new version. */
  insert: Pick<Row, 'version' | 'timestamp'>;
  /** The new row, and the newest before it. */
  put: { readonly row: Row; readonly previous: Row | undefined };
  /** How many versions it removed of those that could be read, and 1 key if none of these is left. */
  remove: Counted;
  /** The newest row removed; `undefined` if there was none. */
  removeAll: Row | undefined;
  /** The newest row, which stays; `undefined` if there was none. */
  trim: Row | undefined;
  restore: Restored;
  /** The new row, or the newest of those removed. */
  compare: Row;
  /** The new row. */
  renew: Row;
  /** Whether the guards held, and so the writes were done. */
  commit: boolean;
}

// ── scans ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A walk over many rows. {@link Rows} has the row type of each kind. Each row is current at the moment it is read. */
export type Scan = Snapshot | Range | History | Everything | Lines | List | Count | Watch;

/** For every key, the greatest version ≤ `version` (the latest if absent). */
interface Snapshot {
  readonly kind: 'snapshot';
  readonly version?: number | undefined;
}

/**
 * Every key from `from` to `to`, both included, that has a row now, in the order of code points (that of UTF-8 bytes),
 * with its row as an {@link InstantQuery} gives it.
 */
interface Range {
  readonly kind: 'range';
  readonly from: string;
  readonly to: string;
  readonly timestamp?: number | undefined;
}

/** Every version of a key, in ascending order. */
interface History {
  readonly kind: 'history';
  readonly key: string;
}

/**
 * Every version of every key at one moment (a consistent snapshot), those of a key in ascending order. Only where
 * {@link Capabilities.everything}.
 */
interface Everything {
  readonly kind: 'everything';
}

/** The rows that each {@link Scan} yields. */
export interface Rows {
  snapshot: Row;
  range: RangeRow;
  history: Row;
  everything: Row;
  lines: Line;
  list: Line;
  count: Counted;
  watch: WatchEvent;
}

/** Narrows a union to one or several of its kinds. */
export type OfKind<T extends { readonly kind: string }, K extends T['kind']> = T & { readonly kind: K };

/**
 * Every method may throw (or reject with) a KvsError: SERVIDOR_ENTRANDO, SERVIDOR_SAINDO, SEM_MAIORIA; writes also
 * LIMITE_*, VERSAO_ESGOTADA, RELOGIO_ADIANTADO, and RESULTADO_DESCONHECIDO when it is unknown whether the write was
 * done.
 */
export interface Engine {
  readonly capabilities: Capabilities;

  /** What clients may additionally ask for; absent if nothing. */
  readonly guarantees?: Guarantees;

  read<K extends Query['kind']>(query: OfKind<Query, K>): Awaitable<Answers[K]>;
  write<K extends Write['kind']>(write: OfKind<Write, K>): Awaitable<Answers[K]>;
  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;

  /**
   * The line of the row that a write has just answered with, where an engine that has to ask others for it need not;
   * absent: a {@link LineQuery} finds it.
   */
  readonly lineOf?: ((row: Row) => Line) | undefined;

  /** Ends every watch with SERVIDOR_SAINDO, and refuses new ones: the server stops, and doors wait for calls. */
  endWatches?(): void;
}
