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
  Write,
} from '../../src/ports/engine.js';

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
    }
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Answers[K];
  write(write: Write): Answers[Write['kind']] {
    this.#enter();
    return this.#write(write);
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Iterable<Rows[K]>;
  *scan(scan: Scan): Iterable<Rows[Scan['kind']]> {
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
        this.#remove(write.key, write.version);
        return undefined;
      case 'removeAll': {
        const newest = this.#newest(write.key);
        this.#stored.delete(write.key);
        return newest;
      }
      case 'trim': {
        const newest = this.#newest(write.key);
        if (newest !== undefined) this.#stored.set(write.key, [newest]);
        return newest;
      }
      case 'restore':
        throw new KvsError('NAO_SUPORTADO', 'este motor dá números seus');
      case 'commit':
        return this.#commit(write);
    }
  }

  #rows(scan: Scan): Iterable<Rows[Scan['kind']]> {
    switch (scan.kind) {
      case 'snapshot':
        return this.#snapshot(scan.version);
      case 'range':
        return this.#range(scan);
      case 'history':
        return this.#there(scan.key);
      case 'everything':
        throw new KvsError('NAO_SUPORTADO', 'este motor não exporta todas as versões');
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
    return row;
  }

  #remove(key: string, version: number | undefined): void {
    const rows = this.#stored.get(key) ?? [];
    if (this.#there(key).length === 0) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
    const isRemoved = (row: Row): boolean => row.version === version && !this.#isExpired(row);
    const kept = version === undefined ? [] : rows.filter((row) => !isRemoved(row));
    if (kept.length === rows.length) throw new KvsError('VERSAO_INEXISTENTE', 'a chave não tem essa versão');
    if (kept.length === 0) this.#stored.delete(key);
    else this.#stored.set(key, kept);
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
    const [first, last] = [Buffer.from(from), Buffer.from(to)];
    const keys = [...this.#stored.keys()]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .filter(({ bytes }) => first.compare(bytes) <= 0 && last.compare(bytes) >= 0)
      .sort((a, b) => a.bytes.compare(b.bytes));
    for (const { key } of keys) {
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
    this.calls++;
    if (this.refusal !== undefined) throw this.refusal;
  }
}

function placeOf({ version, timestamp }: Row): Answers['insert'] {
  return { version, timestamp };
}

/** The same with a promise for every answer, as engines have that must ask others, and without concurrent writes. */
export class AsyncMemoryEngine implements Engine {
  readonly capabilities: Capabilities = {
    heads: false,
    linearizable: true,
    durable: false,
    commits: 'everywhere',
    everything: false,
    restores: false,
    expires: true,
  };

  constructor(readonly inner = new MemoryEngine()) {}

  read<K extends Query['kind']>(query: OfKind<Query, K>): Promise<Answers[K]> {
    return later(() => this.inner.read<K>(query));
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]> {
    return later(() => this.inner.write<K>(write));
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): AsyncIterable<Rows[K]> {
    return eachLater(this.inner.scan<K>(scan));
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
