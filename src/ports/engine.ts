/**
 * What every engine offers to every door: three verbs over values.
 *
 * | Verb | Value | Gives |
 * |---|---|---|
 * | `read` | {@link Query}: a question about one key | {@link Answers} of its kind |
 * | `write` | {@link Write}: a change, which is one step | {@link Answers} of its kind |
 * | `scan` | {@link Scan}: a walk over many rows | a {@link Stream} of {@link Rows} of its kind |
 *
 * Whatever stands between a door and an engine (what a caller may do, what a session sees) wraps three methods and looks
 * at the kind only where it must. To add an operation, add its case to one of the unions and what it is answered with to
 * {@link Answers} or {@link Rows}; compiler and linter then name what is missing:
 *
 * - a write of one key: `decide` and `answerTo` of `src/engines/plan.ts`, once for all engines. Only a step that is new
 *   touches what each does with it: `engines/store-plan.ts` (mutations of a store) and `engines/consensus/transactions.ts`.
 *   The leader's servers also need it as a message: `wire/mensagem/writes.ts`.
 * - a query or a scan: the `switch` of `engines/fleet/engine.ts`, `engines/leader/engine.ts` and
 *   `engines/consensus/reading.ts`.
 * - something that not every engine can do: a field of {@link Capabilities}.
 * - what it must do on every engine: a section of `tests/engines/conformance.ts`.
 *
 * docs/how-to/add-an-operation.md has the whole road, from the contract to the command line.
 */
import type { Attempt } from '../core/attempt.js';
import type { Guarantees } from './guarantees.js';

/**
 * An answer: at once where an engine can (the fleet keeps everything in memory), as a promise where it must ask others.
 * Callers handle both, so that the hot path allocates no promise.
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

/** What became of a version that came from elsewhere. */
export interface Restored {
  readonly version: number;
  /** `renumbered`: it is the next version of its key, accepted now. `present`: it was there, nothing was done. */
  readonly outcome: 'kept' | 'renumbered' | 'present';
}

/** What an engine promises; doors and the conformance suite choose by it, never by an engine's name. */
export interface Capabilities {
  /** Concurrent writes are kept side by side; without, a {@link HeadsQuery} finds one value at most. */
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
  /** An {@link Insert} with an attempt is heeded. Without this the attempt is ignored. */
  readonly remembersRequests?: boolean;
  /**
   * Whether a {@link Commit} is one step among the writes of all servers, of which each server shows all or nothing
   * (`everywhere`); one step only for those who ask this server (`here`); or not offered.
   */
  readonly commits: 'everywhere' | 'here' | 'none';
  /** The scan {@link Everything} is offered. */
  readonly everything: boolean;
  /** The write {@link Restore} is offered. */
  readonly restores: boolean;
}

// ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A question about one key: see {@link Answers} for what each kind is answered with. */
export type Query = VersionQuery | InstantQuery | HeadsQuery;

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

/** A change: see {@link Answers} for what each kind is answered with. Each is one step: nobody sees a part of it. */
export type Write = KeyWrite | Commit;

/** A change of one key. */
export type KeyWrite = Insert | Remove | RemoveAll | Trim | Restore;

/**
 * Adds the next version of `key`. With an attempt: unless that was done already, in this attempt or an earlier one, as
 * far as the engine remembers; then it answers what became of it. Throws also PEDIDO_REPETIDO, and
 * RESULTADO_DESCONHECIDO for a repeated attempt from a time that it does not remember.
 *
 * `put` does the same, and tells what was newest before.
 */
export interface Insert {
  readonly kind: 'insert' | 'put';
  readonly key: string;
  readonly value: string;
  readonly attempt?: Attempt | undefined;
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
 * Takes a version that comes from elsewhere, under its number and its timestamp where the key has none as late, else as
 * the next version. Only where {@link Capabilities.restores}.
 */
export interface Restore extends Row {
  readonly kind: 'restore';
}

/**
 * Does all of the writes if every guard holds, else nothing, as one step: nobody who asks this server sees a part of
 * them, or writes between the look at the guards and the last write. Where `commits` is `everywhere` that is true whichever
 * server is asked; where it is `here`, of this one: others may write at the same moment, and what comes of that is
 * what comes of any concurrent writes. A key may be guarded and written.
 *
 * At most `limits.commitGuards` guards, `limits.commitWrites` writes, each of another key, and `limits.commitBytes` of keys
 * and values: beyond, it is refused with PEDIDO_INVALIDO. Throws before anything was written, except
 * RESULTADO_DESCONHECIDO.
 */
export interface Commit {
  readonly kind: 'commit';
  readonly guards: readonly Guard[];
  readonly writes: readonly CommitWrite[];
}

/** Holds if the newest row of `key`, as an {@link InstantQuery} gives it, has this version; 0: if the key has no row. */
export interface Guard {
  readonly key: string;
  readonly version: number;
}

/** What a commit may do to each key. */
export type CommitWrite =
  { readonly kind: 'insert'; readonly key: string; readonly value: string } | RemoveAll;

/** What each {@link Query} and each {@link Write} is answered with. */
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
  /** Where the new version is. */
  insert: Pick<Row, 'version' | 'timestamp'>;
  /** The new row, and the newest before it. */
  put: { readonly row: Row; readonly previous: Row | undefined };
  remove: undefined;
  /** The newest that was removed; `undefined` if there was none. */
  removeAll: Row | undefined;
  /** The newest, which stays; `undefined` if there was none. */
  trim: Row | undefined;
  restore: Restored;
  /** Whether the guards held, and so whether it was done. */
  commit: boolean;
}

// ── scans ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Many rows, one after the other: see {@link Rows} for those of each kind. Each row is true at the moment it is read. */
export type Scan = Snapshot | Range | History | Everything;

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
 * Every version of every key, as they are together at one moment; those of a key in ascending order. Only where
 * {@link Capabilities.everything}.
 */
interface Everything {
  readonly kind: 'everything';
}

/** What each {@link Scan} gives, one after the other. */
export interface Rows {
  snapshot: Row;
  range: RangeRow;
  history: Row;
  everything: Row;
}

/** Something of one kind, of several, or of any, with its other fields. */
export type OfKind<T extends { readonly kind: string }, K extends T['kind']> = T & { readonly kind: K };

/**
 * Every method may throw (or reject with) a KvsError: SERVIDOR_ENTRANDO, SERVIDOR_SAINDO, SEM_MAIORIA; writes also
 * LIMITE_*, VERSAO_ESGOTADA, RELOGIO_ADIANTADO, and RESULTADO_DESCONHECIDO when nobody can tell whether it was done.
 */
export interface Engine {
  readonly capabilities: Capabilities;

  /** What clients may ask for beyond that; absent: nothing. */
  readonly guarantees?: Guarantees;

  read<K extends Query['kind']>(query: OfKind<Query, K>): Awaitable<Answers[K]>;
  write<K extends Write['kind']>(write: OfKind<Write, K>): Awaitable<Answers[K]>;
  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
}
