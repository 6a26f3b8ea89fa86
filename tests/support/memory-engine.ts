import { assertCommitFits } from '../../src/core/commit-size.js';
import { KvsError } from '../../src/core/errors.js';
import { limits } from '../../src/core/limits.js';
import { onlyHead } from '../../src/ports/engine.js';
import type { Capabilities, Commit, Engine, Head, Put, RangeRow, Row } from '../../src/ports/engine.js';

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
  };
  readonly #rows = new Map<string, Row[]>();
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

  insert(key: string, value: string): { version: number; timestamp: number } {
    this.#enter();
    const greatest = this.#greatest.get(key) ?? { version: 0, timestamp: 0 };
    const version = greatest.version + 1;
    if (version > limits.version) throw new KvsError('VERSAO_ESGOTADA', 'a chave não tem mais versões');
    const timestamp = Math.max(this.clock(), greatest.timestamp + 1);
    this.#greatest.set(key, { version, timestamp });
    const rows = this.#rows.get(key);
    const row = { key, value, version, timestamp };
    if (rows === undefined) this.#rows.set(key, [row]);
    else rows.push(row);
    return { version, timestamp };
  }

  put(key: string, value: string): Put {
    const previous = this.#newest(key);
    return { row: { key, value, ...this.insert(key, value) }, previous };
  }

  query(key: string, version: number | undefined): Row | undefined {
    this.#enter();
    return this.#find(key, version);
  }

  queryAt(key: string, timestamp: number | undefined): Row | undefined {
    this.#enter();
    return this.#findAt(key, timestamp);
  }

  remove(key: string, version: number | undefined): void {
    this.#enter();
    const rows = this.#rows.get(key);
    if (rows === undefined) throw new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
    const kept = version === undefined ? [] : rows.filter((row) => row.version !== version);
    if (kept.length === rows.length) throw new KvsError('VERSAO_INEXISTENTE', 'a chave não tem essa versão');
    if (kept.length === 0) this.#rows.delete(key);
    else this.#rows.set(key, kept);
  }

  removeAll(key: string): Row | undefined {
    this.#enter();
    const newest = this.#newest(key);
    this.#rows.delete(key);
    return newest;
  }

  trim(key: string): Row | undefined {
    this.#enter();
    const newest = this.#newest(key);
    if (newest !== undefined) this.#rows.set(key, [newest]);
    return newest;
  }

  commit(change: Commit): boolean {
    this.#enter();
    assertCommitFits(change);
    const { guards, writes } = change;
    if (guards.some(({ key, version }) => (this.#newest(key)?.version ?? 0) !== version)) return false;
    for (const write of writes) {
      if ('remove' in write) this.removeAll(write.key);
      else this.insert(write.key, write.value);
    }
    return true;
  }

  *versions(key: string): Iterable<Row> {
    this.#enter();
    yield* this.#rows.get(key) ?? [];
  }

  *snapshot(version: number | undefined): Iterable<Row> {
    this.#enter();
    for (const key of this.#rows.keys()) {
      const row = this.#find(key, version);
      if (row === undefined) continue;
      this.rowsRead++;
      yield row;
    }
  }

  *range(from: string, to: string, timestamp: number | undefined): Iterable<RangeRow> {
    this.#enter();
    const [first, last] = [Buffer.from(from), Buffer.from(to)];
    const keys = [...this.#rows.keys()]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .filter(({ bytes }) => first.compare(bytes) <= 0 && last.compare(bytes) >= 0)
      .sort((a, b) => a.bytes.compare(b.bytes));
    for (const { key } of keys) {
      if (!this.#rows.has(key)) continue;
      this.rowsRead++;
      yield { key, row: this.#findAt(key, timestamp) };
    }
  }

  heads(key: string): readonly Head[] {
    this.#enter();
    const newest = this.#newest(key);
    if (newest === undefined) return [];
    const { value, timestamp, version } = newest;
    return [{ value, timestamp, origin: ORIGIN, clock: [[ORIGIN, version]] }];
  }

  /** Makes the next version of `key` be the one after `version`. */
  pretendGreatest(key: string, version: number): void {
    this.#greatest.set(key, { version, timestamp: this.#greatest.get(key)?.timestamp ?? 0 });
  }

  #newest(key: string): Row | undefined {
    return this.#rows.get(key)?.at(-1);
  }

  #find(key: string, version: number | undefined): Row | undefined {
    return this.#rows.get(key)?.findLast((row) => version === undefined || row.version <= version);
  }

  #findAt(key: string, timestamp: number | undefined): Row | undefined {
    return this.#rows.get(key)?.findLast((row) => timestamp === undefined || row.timestamp <= timestamp);
  }

  #enter(): void {
    this.calls++;
    if (this.refusal !== undefined) throw this.refusal;
  }
}

/** The same with a promise for every answer, as engines have that must ask others, and without concurrent writes. */
export class AsyncMemoryEngine implements Engine {
  readonly capabilities: Capabilities = {
    heads: false,
    linearizable: true,
    durable: false,
    commits: 'everywhere',
  };

  constructor(readonly inner = new MemoryEngine()) {}

  insert(key: string, value: string): Promise<{ version: number; timestamp: number }> {
    return later(() => this.inner.insert(key, value));
  }

  put(key: string, value: string): Promise<Put> {
    return later(() => this.inner.put(key, value));
  }

  query(key: string, version: number | undefined): Promise<Row | undefined> {
    return later(() => this.inner.query(key, version));
  }

  queryAt(key: string, timestamp: number | undefined): Promise<Row | undefined> {
    return later(() => this.inner.queryAt(key, timestamp));
  }

  remove(key: string, version: number | undefined): Promise<void> {
    return later(() => this.inner.remove(key, version));
  }

  removeAll(key: string): Promise<Row | undefined> {
    return later(() => this.inner.removeAll(key));
  }

  trim(key: string): Promise<Row | undefined> {
    return later(() => this.inner.trim(key));
  }

  commit(change: Commit): Promise<boolean> {
    return later(() => this.inner.commit(change));
  }

  versions(key: string): AsyncIterable<Row> {
    return eachLater(this.inner.versions(key));
  }

  snapshot(version: number | undefined): AsyncIterable<Row> {
    return eachLater(this.inner.snapshot(version));
  }

  range(from: string, to: string, timestamp: number | undefined): AsyncIterable<RangeRow> {
    return eachLater(this.inner.range(from, to, timestamp));
  }

  async heads(key: string): Promise<readonly Head[]> {
    return onlyHead(await this.query(key, undefined), 'unico');
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
