import { KvsError } from '../../src/core/errors.js';
import { limits } from '../../src/core/limits.js';
import type { Engine, Row } from '../../src/ports/engine.js';

/**
 * A whole engine on plain maps, for tests of what stands on an engine: one server, nobody else, nothing kept.
 * Linear in the versions of a key, simple enough to be seen to be right.
 */
export class MemoryEngine implements Engine {
  readonly #rows = new Map<string, Row[]>();
  /** Greatest version ever given to a key; outlives its rows. */
  readonly #greatest = new Map<string, number>();
  #timestamp = 0;
  /** Calls so far, of every kind. */
  calls = 0;
  /** Rows read by snapshots so far. */
  rowsRead = 0;
  /** Thrown by every call while set, as an engine does that joins, leaves or is full. */
  refusal: KvsError | undefined;

  insert(key: string, value: string): { version: number; timestamp: number } {
    this.#enter();
    const version = (this.#greatest.get(key) ?? 0) + 1;
    if (version > limits.version) throw new KvsError('VERSAO_ESGOTADA', 'a chave não tem mais versões');
    const timestamp = ++this.#timestamp;
    this.#greatest.set(key, version);
    const rows = this.#rows.get(key);
    const row = { key, value, version, timestamp };
    if (rows === undefined) this.#rows.set(key, [row]);
    else rows.push(row);
    return { version, timestamp };
  }

  query(key: string, version: number | undefined): Row | undefined {
    this.#enter();
    return this.#find(key, version);
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

  *snapshot(version: number | undefined): Iterable<Row> {
    this.#enter();
    for (const key of this.#rows.keys()) {
      const row = this.#find(key, version);
      if (row === undefined) continue;
      this.rowsRead++;
      yield row;
    }
  }

  /** Makes the next version of `key` be the one after `version`. */
  pretendGreatest(key: string, version: number): void {
    this.#greatest.set(key, version);
  }

  #find(key: string, version: number | undefined): Row | undefined {
    return this.#rows.get(key)?.findLast((row) => version === undefined || row.version <= version);
  }

  #enter(): void {
    this.calls++;
    if (this.refusal !== undefined) throw this.refusal;
  }
}

/** The same with a promise for every answer, as engines have that must ask others. */
export class AsyncMemoryEngine implements Engine {
  constructor(readonly inner = new MemoryEngine()) {}

  async insert(key: string, value: string): Promise<{ version: number; timestamp: number }> {
    await nextTurn();
    return this.inner.insert(key, value);
  }

  async query(key: string, version: number | undefined): Promise<Row | undefined> {
    await nextTurn();
    return this.inner.query(key, version);
  }

  async remove(key: string, version: number | undefined): Promise<void> {
    await nextTurn();
    this.inner.remove(key, version);
  }

  async *snapshot(version: number | undefined): AsyncIterable<Row> {
    for (const row of this.inner.snapshot(version)) {
      await nextTurn();
      yield row;
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
