import type { Origin } from '../../src/core/dot.js';
import { VersionVector } from '../../src/core/vector.js';

/** A vector with these entries. */
export function vectorOf(entries: Iterable<readonly [Origin, number]>): VersionVector {
  const vector = new VersionVector();
  for (const [origin, seq] of entries) vector.advance(vector.indexOf(origin), seq);
  return vector;
}
