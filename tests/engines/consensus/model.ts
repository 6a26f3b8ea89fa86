import { KvsError } from '../../../src/core/errors.js';
import { compareCodePoints } from '../../../src/core/text-order.js';
import type { Answers, Commit, RangeRow, Row } from '../../../src/ports/engine.js';

interface Key {
  greatestVersion: number;
  greatestTimestamp: number;
  /** Oldest first. */
  rows: Row[];
}

/** What the consensus engine must do, on a plain map and one writer at a time. */
export class Model {
  private readonly keys = new Map<string, Key>();

  /** @param now wall clock of readers, by which values expire */
  constructor(private readonly now: () => number = () => 0) {}

  put(key: string, value: string, wallMs: number, ttlMs?: number): Answers['put'] {
    const entry = this.keys.get(key) ?? { greatestVersion: 0, greatestTimestamp: 0, rows: [] };
    const previous = this.newest(key);
    const version = ++entry.greatestVersion;
    const timestamp = Math.max(wallMs, entry.greatestTimestamp + 1);
    entry.greatestTimestamp = timestamp;
    const expiresAt = ttlMs === undefined ? {} : { expiresAt: wallMs + ttlMs };
    const row = { key, value, version, timestamp, ...expiresAt };
    entry.rows.push(row);
    this.keys.set(key, entry);
    return { row, previous };
  }

  query(key: string, version?: number): Row | undefined {
    if (version === undefined) return this.newest(key);
    return this.rows(key).findLast((row) => row.version <= version);
  }

  queryAt(key: string, timestamp?: number): Row | undefined {
    if (timestamp === undefined) return this.newest(key);
    return this.rows(key).findLast((row) => row.timestamp <= timestamp);
  }

  history(key: string): Row[] {
    return this.rows(key);
  }

  commit({ guards, writes }: Omit<Commit, 'kind'>, wallMs: number): boolean {
    if (guards.some(({ key, version }) => (this.newest(key)?.version ?? 0) !== version)) return false;
    for (const write of writes) {
      if (write.kind === 'insert') this.put(write.key, write.value, wallMs);
      else this.removeAll(write.key);
    }
    return true;
  }

  remove(key: string, version: number | undefined): Answers['remove'] {
    const rows = this.rows(key);
    if (rows.length === 0) throw new KvsError('CHAVE_INEXISTENTE', '');
    const isKept = (row: Row): boolean => version !== undefined && row.version !== version;
    if (rows.every(isKept)) throw new KvsError('VERSAO_INEXISTENTE', '');
    this.keep(
      key,
      version === undefined
        ? []
        : (this.keys.get(key)?.rows.filter((row) => !rows.includes(row) || isKept(row)) ?? []),
    );
    const left = this.rows(key).length;
    return { keys: left === 0 ? 1 : 0, versions: rows.length - left };
  }

  removeAll(key: string): Row | undefined {
    const newest = this.query(key);
    if (this.rows(key).length > 0) this.keep(key, []);
    return newest;
  }

  trim(key: string): Row | undefined {
    const newest = this.query(key);
    if (newest) this.keep(key, [newest]);
    return newest;
  }

  range(from: string, to: string, timestamp: number | undefined): RangeRow[] {
    return this.present()
      .filter((key) => this.newest(key) !== undefined)
      .filter((key) => compareCodePoints(from, key) <= 0 && compareCodePoints(key, to) <= 0)
      .map((key) => ({ key, row: this.queryAt(key, timestamp) }));
  }

  snapshot(version: number | undefined): Row[] {
    return this.present().flatMap((key) => this.query(key, version) ?? []);
  }

  /** What can be read by its version. */
  private rows(key: string): Row[] {
    return this.keys.get(key)?.rows.filter((row) => !this.isExpired(row)) ?? [];
  }

  /** The latest value: an expired one hides all that was before it. */
  private newest(key: string): Row | undefined {
    const row = this.keys.get(key)?.rows.at(-1);
    return row === undefined || this.isExpired(row) ? undefined : row;
  }

  private isExpired({ expiresAt }: Row): boolean {
    return expiresAt !== undefined && expiresAt <= this.now();
  }

  private keep(key: string, rows: Row[]): void {
    const entry = this.keys.get(key);
    if (entry) entry.rows = rows;
  }

  private present(): string[] {
    return [...this.keys.keys()].filter((key) => this.rows(key).length > 0).sort(compareCodePoints);
  }
}
