import type { Stream } from '../../ports/engine.js';
import type { Counted, Line } from '../../ports/lines.js';

/** The first rows of a stream. */
export function firstRows<T>(rows: Stream<T>, most: number): Stream<T> {
  return Symbol.asyncIterator in rows ? firstLater(rows, most) : firstNow(rows, most);
}

function* firstNow<T>(rows: Iterable<T | undefined>, most: number): Iterable<T | undefined> {
  let left = most;
  for (const row of rows) {
    yield row;
    if (row !== undefined && --left === 0) return;
  }
}

async function* firstLater<T>(
  rows: AsyncIterable<T | undefined>,
  most: number,
): AsyncIterable<T | undefined> {
  let left = most;
  for await (const row of rows) {
    yield row;
    if (row !== undefined && --left === 0) return;
  }
}

/** The parts of a count added up: one row, after pauses. */
export function totalOf(parts: Stream<Counted>): Stream<Counted> {
  return Symbol.asyncIterator in parts ? totalLater(parts) : totalNow(parts);
}

function* totalNow(parts: Iterable<Counted | undefined>): Iterable<Counted | undefined> {
  let total: Counted = { keys: 0, versions: 0 };
  for (const part of parts) {
    if (part === undefined) yield undefined;
    else total = sum(total, part);
  }
  yield total;
}

async function* totalLater(parts: AsyncIterable<Counted | undefined>): AsyncIterable<Counted | undefined> {
  let total: Counted = { keys: 0, versions: 0 };
  for await (const part of parts) {
    if (part === undefined) yield undefined;
    else total = sum(total, part);
  }
  yield total;
}

function sum(a: Counted, b: Counted): Counted {
  return { keys: a.keys + b.keys, versions: a.versions + b.versions };
}

/** Lines with an empty value each. */
export function withoutValues(lines: Stream<Line>): Stream<Line> {
  return Symbol.asyncIterator in lines ? blankLater(lines) : blankNow(lines);
}

function* blankNow(lines: Iterable<Line | undefined>): Iterable<Line | undefined> {
  for (const line of lines) yield line && { ...line, value: '' };
}

async function* blankLater(lines: AsyncIterable<Line | undefined>): AsyncIterable<Line | undefined> {
  for await (const line of lines) yield line && { ...line, value: '' };
}
