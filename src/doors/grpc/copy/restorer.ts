import { setImmediate as nextTurn } from 'node:timers/promises';
import { andThen } from '../../../call/operation.js';
import { KvsError } from '../../../core/errors.js';
import { limits } from '../../../core/limits.js';
import type { Awaitable, Engine, Restored, Row, Stream } from '../../../ports/engine.js';
import { Standing } from './standing.js';

/** Versions read before other calls get their turn. */
const ROWS_PER_TURN = 1_024;

/**
 * Restores a copy into an engine, version by version, and skips what is already there. A version of the copy is there
 * if the key has a version with the same value that no other version of the copy has matched. So a repeated restore,
 * whole or from where it broke off, adds nothing, whatever numbers its versions got and whatever else the key holds.
 *
 * The versions of a key are read once, at its first row, since a copy holds the versions of a key together. Concurrent
 * writes of others are not seen. A version that has expired meanwhile is not restored.
 */
export class Restorer {
  private key: string | undefined;
  private standing = new Standing();
  /** Set while the versions of a key are being read; rows that arrive meanwhile wait. */
  private reading: Promise<void> | undefined;

  /** @param wallMs wall clock, ms since 1970 */
  constructor(private readonly wallMs: () => number = Date.now) {}

  /** @throws KvsError (as a rejection too) from the engine */
  restore(engine: Engine, row: Row): Awaitable<Restored> {
    if (this.reading) return this.reading.then(() => this.restore(engine, row));
    if (row.key === this.key) return this.place(engine, row);
    const read = this.begin(engine, row.key);
    return read === undefined ? this.place(engine, row) : read.then(() => this.place(engine, row));
  }

  /** @returns `undefined` if everything was read at once */
  private begin(engine: Engine, key: string): Promise<void> | undefined {
    this.key = undefined;
    this.standing = new Standing();
    const unread = this.readSome(engine.scan({ kind: 'history', key }));
    if (unread === undefined) {
      this.key = key;
      return undefined;
    }
    const rest = this.readRest(unread).then(() => {
      this.key = key;
    });
    this.reading = rest.finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  /** Reads the rows that are available at once, if they are few. @returns the rest */
  private readSome(rows: Stream<Row>): Stream<Row> | undefined {
    if (Symbol.asyncIterator in rows) return rows;
    const iterator = rows[Symbol.iterator]();
    for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
      if (step.value === undefined) return { [Symbol.iterator]: () => iterator };
      this.standing.add(step.value.version, step.value.value);
    }
    return undefined;
  }

  private async readRest(rows: Stream<Row>): Promise<void> {
    let read = 0;
    for await (const row of rows) {
      if (row === undefined || ++read % ROWS_PER_TURN === 0) await nextTurn();
      if (row !== undefined) this.standing.add(row.version, row.value);
    }
  }

  /** An engine that cannot keep foreign version numbers assigns its own, in the order of arrival. */
  private place(engine: Engine, row: Row): Awaitable<Restored> {
    const leftMs = this.leftMs(engine, row);
    if (leftMs !== undefined && leftMs <= 0) return { version: row.version, outcome: 'expired' };
    const version = this.standing.take(row.value);
    if (version !== undefined) return { version, outcome: 'present' };
    if (engine.capabilities.restores) return engine.write({ kind: 'restore', ...row });
    const { key, value } = row;
    return andThen(engine.write({ kind: 'insert', key, value, ttlMs: leftMs }), (made): Restored => {
      return { version: made.version, outcome: 'renumbered' };
    });
  }

  /**
   * How long a row of a copy still lives; `undefined` for ever.
   * @throws KvsError NAO_SUPORTADO on an engine on which it would live for ever
   */
  private leftMs(engine: Engine, { expiresAt }: Row): number | undefined {
    if (expiresAt === undefined) return undefined;
    if (engine.capabilities.expires === true) {
      return Math.min(expiresAt - this.wallMs(), limits.ttlSeconds * 1000);
    }
    throw new KvsError('NAO_SUPORTADO', 'a cópia tem valores que expiram, e este motor não os tem');
  }
}
