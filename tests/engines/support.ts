import { expect } from 'vitest';
import { KvsError, type ErrorCode } from '../../src/core/errors.js';
import type { Awaitable, Engine, RangeRow, Row } from '../../src/ports/engine.js';
import { collect } from '../support/collect.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';

/** The code that a call throws or rejects with; `undefined` if it does neither. */
export async function codeOf(call: () => Awaitable<unknown>): Promise<ErrorCode | undefined> {
  try {
    await call();
    return undefined;
  } catch (thrown) {
    return KvsError.from(thrown).code;
  }
}

/** Inserts values one after the other; returns the rows as they must be found. */
export async function insertAll(engine: Engine, key: string, values: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const value of values) rows.push({ key, value, ...stamp(await verbs(engine).insert(key, value)) });
  return rows;
}

function stamp({
  version,
  timestamp,
}: Pick<Row, 'version' | 'timestamp'>): Pick<Row, 'version' | 'timestamp'> {
  return { version, timestamp };
}

/** A found row as plain data, whatever else an engine's object carries. */
export function plain(row: Row | undefined): Row | undefined {
  return row && { key: row.key, value: row.value, ...stamp(row) };
}

export async function query(engine: Engine, key: string, version?: number): Promise<Row | undefined> {
  return plain(await verbs(engine).query(key, version));
}

export async function queryAt(engine: Engine, key: string, timestamp?: number): Promise<Row | undefined> {
  return plain(await verbs(engine).queryAt(key, timestamp));
}

/** The rows of a range, as plain data. */
export async function range(
  engine: Engine,
  from: string,
  to: string,
  timestamp?: number,
): Promise<RangeRow[]> {
  const rows = await collect(verbs(engine).range(from, to, timestamp));
  return rows.map(({ key, row }) => ({ key, row: plain(row) }));
}

/** The rows of a snapshot for some keys, in the order of those keys. */
export async function snapshotOf(
  engine: Engine,
  keys: readonly string[],
  version?: number,
): Promise<(Row | undefined)[]> {
  const rows = await collect(verbs(engine).snapshot(version));
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  return keys.map((key) => plain(rows.find((row) => row.key === key)));
}

/** Calls every function at once and waits for all. */
export function allAtOnce<T>(count: number, call: (index: number) => Awaitable<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => call(index)));
}

export function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

export function byNumber(a: number, b: number): number {
  return a - b;
}

/** What the suite gives values to live where an engine does not say otherwise, by the clock on the wall. */
const REAL_TTL_MS = 2_000;
const REAL_MARGIN_MS = 250;

/** How long the suite lets values live. */
export function ttlMsOf({ open }: Bench): number {
  return open.expiry?.ttlMs ?? REAL_TTL_MS;
}

/** Waits until everything that was given {@link ttlMsOf} before has expired, on every server. */
export async function letExpire({ open }: Bench): Promise<void> {
  if (open.expiry !== undefined) await open.expiry.over();
  else await new Promise((resolve) => setTimeout(resolve, REAL_TTL_MS + REAL_MARGIN_MS));
}

/** The servers of a bench: one twice if there is no other. */
export function serversOf({ engine, open }: Bench): readonly [Engine, Engine] {
  return [engine, open.second ?? engine];
}
