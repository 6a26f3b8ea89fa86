import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { compareCodePoints } from '../../../src/core/text-order.js';
import type { Answers, RangeRow, Row } from '../../../src/ports/engine.js';

interface Key {
  greatestVersion: number;
  greatestTimestamp: number;
  /** Oldest first. */
  rows: Row[];
}

/** What the consensus engine must do, on a plain map and one writer at a time. */
export class Model {
  private readonly keys = new Map<string, Key>();

  put(key: string, value: string, wallMs: number): Answers['put'] {
    const entry = this.keys.get(key) ?? { greatestVersion: 0, greatestTimestamp: 0, rows: [] };
    const previous = entry.rows.at(-1);
    const version = ++entry.greatestVersion;
    const timestamp = Math.max(wallMs, entry.greatestTimestamp + 1);
    entry.greatestTimestamp = timestamp;
    const row = { key, value, version, timestamp };
    entry.rows.push(row);
    this.keys.set(key, entry);
    return { row, previous };
  }

  query(key: string, version: number = limits.version): Row | undefined {
    return this.rows(key).findLast((row) => row.version <= version);
  }

  queryAt(key: string, timestamp: number = limits.timestampMs): Row | undefined {
    return this.rows(key).findLast((row) => row.timestamp <= timestamp);
  }

  remove(key: string, version: number | undefined): void {
    const rows = this.rows(key);
    if (rows.length === 0) throw new KvsError('CHAVE_INEXISTENTE', '');
    const kept = version === undefined ? [] : rows.filter((row) => row.version !== version);
    if (kept.length === rows.length) throw new KvsError('VERSAO_INEXISTENTE', '');
    this.keep(key, kept);
  }

  removeAll(key: string): Row | undefined {
    const newest = this.query(key);
    if (newest) this.keep(key, []);
    return newest;
  }

  trim(key: string): Row | undefined {
    const newest = this.query(key);
    if (newest) this.keep(key, [newest]);
    return newest;
  }

  range(from: string, to: string, timestamp: number | undefined): RangeRow[] {
    return this.present()
      .filter((key) => compareCodePoints(from, key) <= 0 && compareCodePoints(key, to) <= 0)
      .map((key) => ({ key, row: this.queryAt(key, timestamp) }));
  }

  snapshot(version: number | undefined): Row[] {
    return this.present().flatMap((key) => this.query(key, version) ?? []);
  }

  private rows(key: string): Row[] {
    return this.keys.get(key)?.rows ?? [];
  }

  private keep(key: string, rows: Row[]): void {
    const entry = this.keys.get(key);
    if (entry) entry.rows = rows;
  }

  private present(): string[] {
    return [...this.keys.keys()].filter((key) => this.rows(key).length > 0).sort(compareCodePoints);
  }
}
