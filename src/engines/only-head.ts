import type { Head, Row } from '../ports/engine.js';

/**
 * The head of a key on an engine without concurrent writes: the newest row. Its version, which counts all the writes
 * so far, serves as its clock.
 * @param origin stands for all servers, since their writes have a single order
 */
export function onlyHead(row: Row | undefined, origin: string): readonly Head[] {
  if (row === undefined) return [];
  const { value, timestamp, version } = row;
  return [{ value, timestamp, origin, clock: [[origin, version]] }];
}
