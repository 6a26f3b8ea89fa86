import type { KeyRange } from '../../src/ports/lines.js';

/** The keys of a range, in the order of their UTF-8 bytes. */
export function keysInRange(
  keys: Iterable<string>,
  { prefix = '', from = '', to, after }: KeyRange,
): string[] {
  const order = (a: string, b: string): number => Buffer.from(a).compare(Buffer.from(b));
  return [...keys]
    .filter((key) => key.startsWith(prefix) && order(from, key) <= 0)
    .filter((key) => to === undefined || order(to, key) >= 0)
    .filter((key) => after === undefined || order(after, key) < 0)
    .sort(order);
}
