import type { Head, Row } from '../ports/engine.js';

/**
 * The head of an engine that keeps no concurrent writes: the newest row, whose version is the count of all writes before it.
 * @param origin stands for all servers, since the order of their writes is one
 */
export function onlyHead(row: Row | undefined, origin: string): readonly Head[] {
  if (row === undefined) return [];
  const { value, timestamp, version } = row;
  return [{ value, timestamp, origin, clock: [[origin, version]] }];
}
