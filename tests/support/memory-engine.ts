import { setImmediate as nextTurn } from 'node:timers/promises';
import { assertCommitFits } from '../../src/core/commit-size.js';
import { KvsError } from '../../src/core/errors.js';
import { limits } from '../../src/core/limits.js';
import { onlyHead } from '../../src/engines/only-head.js';
import type {
  Answers,
  Capabilities,
  Commit,
  Engine,
  OfKind,
  Query,
  RangeRow,
  Row,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../src/ports/engine.js';
import type { Counted, KeyRange, Line, LineQuery, List } from '../../src/ports/lines.js';
import type { Watch } from '../../src/ports/watch.js';
import { keysInRange } from './keys-in-range.js';
import { MemoryWatchLog } from './memory-watch.js';

const ORIGIN = 'unico';

/**
 * A whole engine on plain maps, for tests of what stands on an engine: one server, nobody else, nothing kept.
 * Linear in the versions of a key, simple enough to be seen to be right.
 */
export class MemoryEngine implements Engine {
  readonly capabilities: Capabilities = {
    heads: true,
    linearizable: true,
    durable: false,
    commits: 'everywhere',
    everything: false,
    restores: false,
    expires: true,
    compares: true,
    watches: true,
  };
  readonly #stored = new Map<string, Row[]>();
  /** Greatest version and timestamp ever given to a key; they outlive its rows. */
  readonly #greatest = new Map<string, { version: number; timestamp: number }>();
  /** Calls so far, of every kind. */
  calls = 0;
  /** Rows read by snapshots and ranges so far. */
  rowsRead = 0;
  /** Thrown by every call while set, as an engine does that joins, leaves or is full. */
  refusal: KvsError | undefined;
  /** The wall clock, ms since 1970. */
  clock = (): number => Date.now();
  /** What watches read: tests make it forget the past, and end its watches as a server does that stops. */
  readonly watches = new MemoryWatchLog({ present: this.#present.bind(this), sweep: this.#sweep.bind(this) });
  /** Expired rows of which watches have been told. */
  readonly #told = new WeakSet<Row>();
  /** The earliest instant at which a row may expire of which watches have not been told. */
  #dueAt = Infinity;

  read<K extends Query['kind']>(query: OfKind<Query, K>): Answers[K];
  read(query: Query): Answers[Query['kind']] {
    this.#enter();
    switch (query.kind) {
      case 'version':
        return this.#find(query.key, query.version);
      case 'instant':
        return this.#findAt(query.key, query.timestamp);
      case 'heads':
        return onlyHead(this.#newest(query.key), ORIGIN);
      case 'line':
        return this.#line(query);
    }
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Answers[K];
  write(write: Write): Answers[Write['kind']] {
    this.#enter();
    return this.#write(write);
  }

  scan<K extends Exclude<Scan['kind'], 'watch'>>(scan: OfKind<Scan, K>): Iterable<Rows[K]>;
  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    if (scan.kind !== 'watch') return this.#entered(scan);
    this.#enter();
    return this.watches.watch(scan);
  }

  *#entered(scan: Exclude<Scan, Watch>): Iterable<Rows[Scan['kind']]> {
    this.#enter();
    yield* this.#rows(scan);
  }

  #write(write: Write): Answers[Write['kind']] {
    switch (write.kind) {
      case 'insert':
        return placeOf(this.#insert(write.key, write.value, write.ttlMs));
      case 'put': {
        const { key, value, ttlMs } = write;
        const previous = this.#newest(key);
        return { row: this.#insert(key, value, ttlMs), previous };
      }
      case 'remove':
        return this.#remove(write.key, write.version);
      case 'removeAll': {
        const newest = this.#newest(write.key);
        this.#keepOnly(write.key, []);
        return newest;
      }
      case 'trim': {
        const newest = this.#newest(write.key);
        if (newest !== undefined) this.#keepOnly(write.key, [newest]);
        return newest;
      }
      case 'compare': {
        const { key, expected, value, ttlMs } = write;
        const newest = this.#newest(key);
        if ((newest?.version ?? 0) !== expected) throw new KvsError('VERSAO_OUTRA', 'a última é outra');
        if (value !== undefined) return this.#insert(key, value, ttlMs);
        if (newest === undefined) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
        this.#keepOnly(key, []);
        return newest;
      }
      case 'renew': {
        const newest = this.#newest(write.key);
        if (newest === undefined) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
        return this.#insert(write.key, newest.value, write.ttlMs);
      }
      case 'restore':
        throw new KvsError('NAO_SUPORTADO', 'este motor dá números seus');
      case 'commit':
        return this.#commit(write);
    }
  }

  #rows(scan: Exclude<Scan, Watch>): Iterable<Rows[Scan['kind']]> {
    switch (scan.kind) {
      case 'snapshot':
        return this.#snapshot(scan.version);
      case 'range':
        return this.#range(scan);
      case 'history':
        return this.#there(scan.key);
      case 'lines':
        return this.#there(scan.key).map((row) => this.#lineOf(row));
      case 'list':
        return this.#list(scan);
      case 'count':
        return this.#count(scan);
      case 'everything':
        throw new KvsError('NAO_SUPORTADO', 'este motor não exporta todas as versões');
    }
  }

  #lineOf(row: Row): Line {
    return {
      ...row,
      origin: ORIGIN,
      isHead: row === this.#newest(row.key),
      isSibling: false,
      isStable: true,
    };
  }

  #line({ key, version, timestamp, back }: LineQuery): Line | undefined {
    const before = (count: number): Row | undefined => {
      return this.#newest(key) === undefined ? undefined : this.#there(key).at(-1 - count);
    };
    const found =
      timestamp !== undefined ? this.#findAt(key, timestamp) : back ? before(back) : this.#find(key, version);
    return found && this.#lineOf(found);
  }

  #keys(range: KeyRange): string[] {
    return keysInRange(this.#stored.keys(), range);
  }

  *#list({ version, timestamp, ...range }: List): Iterable<Line> {
    for (const key of this.#keys(range)) {
      const line = this.#line({ kind: 'line', key, version, timestamp });
      if (line === undefined) continue;
      this.rowsRead++;
      yield line;
    }
  }

  *#count(range: KeyRange): Iterable<Counted> {
    for (const key of this.#keys(range)) {
      if (this.#newest(key) !== undefined) yield { keys: 1, versions: this.#there(key).length };
    }
  }

  #insert(key: string, value: string, ttlMs: number | undefined): Row {
    const greatest = this.#greatest.get(key) ?? { version: 0, timestamp: 0 };
    const version = greatest.version + 1;
    if (version > limits.version) throw new KvsError('VERSAO_ESGOTADA', 'a chave não tem mais versões');
    const timestamp = Math.max(this.clock(), greatest.timestamp + 1);
    this.#greatest.set(key, { version, timestamp });
    const rows = this.#stored.get(key);
    const row = { key, value, version, timestamp, ...(ttlMs && { expiresAt: this.clock() + ttlMs }) };
    if (rows === undefined) this.#stored.set(key, [row]);
    else rows.push(row);
    if (row.expiresAt !== undefined) this.#dueAt = Math.min(this.#dueAt, row.expiresAt);
    this.watches.note('insert', this.#lineOf(row));
    return row;
  }

  #remove(key: string, version: number | undefined): Counted {
    const rows = this.#stored.get(key) ?? [];
    const before = this.#there(key).length;
    if (before === 0) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
    const isRemoved = (row: Row): boolean => row.version === version && !this.#isExpired(row);
    const kept = version === undefined ? [] : rows.filter((row) => !isRemoved(row));
    if (kept.length === rows.length) throw new KvsError('VERSAO_INEXISTENTE', 'a chave não tem essa versão');
    this.#keepOnly(key, kept);
    const left = this.#there(key).length;
    return { keys: Number(left === 0), versions: before - left };
  }

  /** Removes all rows of a key but these, oldest first. */
  #keepOnly(key: string, kept: readonly Row[]): void {
    const gone = (this.#stored.get(key) ?? []).filter((row) => !kept.includes(row));
    if (kept.length === 0) this.#stored.delete(key);
    else this.#stored.set(key, [...kept]);
    for (const row of gone) this.#tellGone(row);
  }

  #tellGone(row: Row): void {
    if (this.#told.has(row)) return;
    this.#told.add(row);
    const kind = this.#isExpired(row) ? 'expire' : 'remove';
    this.watches.note(kind, { ...this.#lineOf(row), value: '', isHead: false });
  }

  /** Expired rows stay, for they hide what was before them; watches are told once that they are gone. */
  #sweep(): void {
    if (this.#dueAt > this.clock()) return;
    this.#dueAt = Infinity;
    for (const rows of this.#stored.values()) {
      for (const row of rows) {
        if (row.expiresAt === undefined) continue;
        if (this.#isExpired(row)) this.#tellGone(row);
        else this.#dueAt = Math.min(this.#dueAt, row.expiresAt);
      }
    }
  }

  #present(): Line[] {
    return this.#keys({}).flatMap((key) => this.#there(key).map((row) => this.#lineOf(row)));
  }

  #commit(change: Commit): boolean {
    assertCommitFits(change);
    const { guards, writes } = change;
    if (guards.some(({ key, version }) => (this.#newest(key)?.version ?? 0) !== version)) return false;
    for (const write of writes) this.#write(write);
    return true;
  }

  *#snapshot(version: number | undefined): Iterable<Row> {
    for (const key of this.#stored.keys()) {
      const row = this.#find(key, version);
      if (row === undefined) continue;
      this.rowsRead++;
      yield row;
    }
  }

  *#range({ from, to, timestamp }: OfKind<Scan, 'range'>): Iterable<RangeRow> {
    for (const key of this.#keys({ from, to })) {
      const row = this.#findAt(key, timestamp);
      if (this.#newest(key) === undefined) continue;
      this.rowsRead++;
      yield { key, row };
    }
  }

  /** Makes the next version of `key` be the one after `version`. */
  pretendGreatest(key: string, version: number): void {
    this.#greatest.set(key, { version, timestamp: this.#greatest.get(key)?.timestamp ?? 0 });
  }

  /** What has expired hides all that was there before it: none of that is the newest again. */
  #newest(key: string): Row | undefined {
    const row = this.#stored.get(key)?.at(-1);
    return row === undefined || this.#isExpired(row) ? undefined : row;
  }

  #find(key: string, version: number | undefined): Row | undefined {
    if (version === undefined) return this.#newest(key);
    return this.#there(key).findLast((row) => row.version <= version);
  }

  #findAt(key: string, timestamp: number | undefined): Row | undefined {
    if (timestamp === undefined) return this.#newest(key);
    return this.#there(key).findLast((row) => row.timestamp <= timestamp);
  }

  /** The rows that have not expired. */
  #there(key: string): Row[] {
    return (this.#stored.get(key) ?? []).filter((row) => !this.#isExpired(row));
  }

  #isExpired({ expiresAt }: Row): boolean {
    return expiresAt !== undefined && expiresAt <= this.clock();
  }

  #enter(): void {
    this.#sweep();
    this.calls++;
    if (this.refusal !== undefined) throw this.refusal;
  }
}

function placeOf({ version, timestamp }: Row): Answers['insert'] {
  return { version, timestamp };
}

/** The same with a promise for every answer, as engines have that must ask others, and without concurrent writes. */
export class AsyncMemoryEngine implements Engine {
  readonly capabilities: Capabilities = { ...new MemoryEngine().capabilities, heads: false };

  constructor(readonly inner = new MemoryEngine()) {}

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]> {
    return later(() => this.inner.read<K>(query));
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]> {
    return later(() => this.inner.write<K>(write));
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): AsyncIterable<Rows[K] | undefined> {
    const rows = this.inner.scan<K>(scan);
    return Symbol.asyncIterator in rows ? rows : eachLater(rows);
  }
}

async function later<T>(call: () => T): Promise<T> {
  await nextTurn();
  return call();
}

async function* eachLater<T>(rows: Iterable<T>): AsyncIterable<T> {
  for (const row of rows) {
    await nextTurn();
    yield row;
  }
}
