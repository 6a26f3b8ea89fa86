import type { Attempt } from '../../src/core/attempt.js';
import type { Answers, Awaitable, Commit, Engine, RangeRow, Row, Stream } from '../../src/ports/engine.js';

/** What a commit does. */
export type CommitBody = Omit<Commit, 'kind'>;

/** How an engine answers: at once, with a promise, or either. */
type Form = 'now' | 'later' | 'either';
type FormOf<A> = [A] extends [Promise<unknown>]
  ? 'later'
  : Extract<A, Promise<unknown>> extends never
    ? 'now'
    : 'either';
type In<F extends Form, T> = F extends 'now' ? T : F extends 'later' ? Promise<T> : Awaitable<T>;

/** What an engine does, a method for each kind of query, write and scan: tests that do many of them read better. */
export interface Verbs<R extends Form = 'either', W extends Form = 'either'> {
  insert(key: string, value: string, attempt?: Attempt): In<W, Answers['insert']>;
  put(key: string, value: string, attempt?: Attempt): In<W, Answers['put']>;
  remove(key: string, version?: number): In<W, Answers['remove']>;
  removeAll(key: string): In<W, Answers['removeAll']>;
  trim(key: string): In<W, Answers['trim']>;
  restore(row: Row): In<W, Answers['restore']>;
  commit(change: CommitBody): In<W, Answers['commit']>;
  query(key: string, version?: number): In<R, Answers['version']>;
  queryAt(key: string, timestamp?: number): In<R, Answers['instant']>;
  heads(key: string): In<R, Answers['heads']>;
  snapshot(version?: number): Stream<Row>;
  range(from: string, to: string, timestamp?: number): Stream<RangeRow>;
  versions(key: string): Stream<Row>;
  everything(): Stream<Row>;
}

export function verbs<E extends Engine>(
  engine: E,
): Verbs<FormOf<ReturnType<E['read']>>, FormOf<ReturnType<E['write']>>> {
  const all: Verbs = {
    insert: (key, value, attempt) => engine.write({ kind: 'insert', key, value, attempt }),
    put: (key, value, attempt) => engine.write({ kind: 'put', key, value, attempt }),
    remove: (key, version) => engine.write({ kind: 'remove', key, version }),
    removeAll: (key) => engine.write({ kind: 'removeAll', key }),
    trim: (key) => engine.write({ kind: 'trim', key }),
    restore: (row) => engine.write({ kind: 'restore', ...row }),
    commit: (change) => engine.write({ kind: 'commit', ...change }),
    query: (key, version) => engine.read({ kind: 'version', key, version }),
    queryAt: (key, timestamp) => engine.read({ kind: 'instant', key, timestamp }),
    heads: (key) => engine.read({ kind: 'heads', key }),
    snapshot: (version) => engine.scan({ kind: 'snapshot', version }),
    range: (from, to, timestamp) => engine.scan({ kind: 'range', from, to, timestamp }),
    versions: (key) => engine.scan({ kind: 'history', key }),
    everything: () => engine.scan({ kind: 'everything' }),
  };
  return all as unknown as ReturnType<typeof verbs<E>>;
}
