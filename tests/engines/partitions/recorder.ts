import { setImmediate as nextTurn } from 'node:timers/promises';
import { KvsError } from '../../../src/core/errors.js';
import type { ErrorCode } from '../../../src/core/errors.js';
import type { Engine, Row } from '../../../src/ports/engine.js';

/** One insert, and what its writer was told. */
interface Recorded {
  readonly key: string;
  readonly value: string;
  /** Where it was put; `undefined`: it was not acknowledged. */
  readonly version?: number;
  readonly timestamp?: number;
  readonly code?: ErrorCode;
  /** A replica was said to have it. */
  readonly isConfirmed?: boolean;
}

/** Refusals after which nothing was or will be written, and the one after which nobody knows. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['SEM_MAIORIA', 'SERVIDOR_SAINDO', 'LIMITE_MEMORIA']);
const CONFIRM_MS = 300;
const UNKNOWN: ErrorCode = 'RESULTADO_DESCONHECIDO';

/** Writes as fast as it is answered, remembers what it was told, and compares that with what there is at the end. */
export class Recorder {
  readonly records: Recorded[] = [];
  private isWriting = true;
  private readonly writers: Promise<void>[];

  /** Writers of every second key wait until a replica has what they wrote. */
  constructor(engines: readonly Engine[], keys: readonly string[]) {
    this.writers = keys.map((key, at) => this.write(engines[at % engines.length] as Engine, key, at % 4 > 1));
  }

  /** How many were confirmed by a replica. */
  get confirmed(): number {
    return this.records.filter(({ isConfirmed }) => isConfirmed === true).length;
  }

  /** How many were acknowledged so far. */
  get acknowledged(): number {
    return this.records.filter(({ version }) => version !== undefined).length;
  }

  async stop(): Promise<void> {
    this.isWriting = false;
    await Promise.all(this.writers);
  }

  /**
   * What contradicts what writers were told.
   * @param rows all versions of a key that there are
   * @param isLossless whether everything acknowledged must be there
   */
  contradictions(key: string, rows: readonly Row[], isLossless: boolean): string[] {
    const wrong: string[] = [];
    for (const [at, row] of rows.entries()) {
      const before = rows[at - 1];
      if (before !== undefined && (row.version <= before.version || row.timestamp <= before.timestamp))
        wrong.push(`${key}: version ${row.version} is not after ${before.version}`);
    }
    const found = new Map<string, Row[]>();
    for (const row of rows) found.set(row.value, [...(found.get(row.value) ?? []), row]);
    for (const { value, version, timestamp, code, isConfirmed } of this.records.filter(
      (record) => record.key === key,
    )) {
      const here = found.get(value) ?? [];
      if (here.length > 1) wrong.push(`${key}: ${value} was written ${here.length} times`);
      if (code !== undefined && REFUSALS.has(code) && here.length > 0)
        wrong.push(`${key}: ${value} was refused, and is there`);
      if (code !== undefined && code !== UNKNOWN && !REFUSALS.has(code))
        wrong.push(`${key}: ${value}: ${code}`);
      if (version === undefined) continue;
      const [row] = here;
      if (row === undefined && (isLossless || isConfirmed === true))
        wrong.push(`${key}: ${value} was acknowledged, and is lost`);
      if (row !== undefined && (row.version !== version || row.timestamp !== timestamp))
        wrong.push(`${key}: ${value} was acknowledged as ${version}, and is ${row.version}`);
    }
    const known = new Set(this.records.filter((record) => record.key === key).map(({ value }) => value));
    for (const value of found.keys()) if (!known.has(value)) wrong.push(`${key}: nobody wrote ${value}`);
    return wrong;
  }

  private async write(engine: Engine, key: string, confirms: boolean): Promise<void> {
    for (let n = 0; this.isWriting; n++) {
      const value = `${key}/${n}`;
      try {
        const { version, timestamp } = await engine.write({ kind: 'insert', key, value });
        const holders = confirms ? await engine.guarantees?.confirm(1, CONFIRM_MS, false) : 0;
        this.records.push({ key, value, version, timestamp, isConfirmed: holders === 1 });
      } catch (thrown) {
        const { code } = KvsError.from(thrown);
        this.records.push({ key, value, code });
        // The test is over.
        if (code === 'SERVIDOR_SAINDO') return;
        await nextTurn();
      }
    }
  }
}
