import type { VectorEntries } from '../../src/core/dot.js';
import type { CommitWrite } from '../../src/ports/engine.js';
import type { CommitBody } from './verbs.js';
import type { Oracle } from './oracle.js';
import { newestOf } from './oracle-view.js';
import type { SeededRandom } from './sim-random.js';

/** Some writes of different keys, and guards that often hold. */
export function randomCommit(
  random: SeededRandom,
  keys: readonly string[],
  versionOf: (key: string) => number,
  newValue: () => string,
): CommitBody {
  const mixed = [...keys].sort(() => random.next() - 0.5);
  const guards = mixed.slice(0, random.int(0, 2)).map((key) => {
    return { key, version: versionOf(key) + (random.chance(0.9) ? 0 : 1) };
  });
  const writes = mixed.slice(1, random.int(2, 4)).map((key): CommitWrite => {
    return random.chance(0.7) ? { kind: 'insert', key, value: newValue() } : { kind: 'removeAll', key };
  });
  return { guards, writes };
}

/** Whether the guards of a commit hold at this vector, as the oracle knows it. */
export function guardsHold(
  oracle: Oracle,
  vector: VectorEntries,
  { guards }: CommitBody,
  fleetMs: number,
): boolean {
  return guards.every(({ key, version }) => {
    const newest = newestOf(oracle.entriesAt(vector, key), fleetMs);
    return (newest?.version ?? 0) === version;
  });
}

/** The writes of a commit that change something at this vector: what is not there need not be removed. */
export function effectsOf(
  oracle: Oracle,
  vector: VectorEntries,
  { writes }: CommitBody,
  fleetMs: number,
): readonly CommitWrite[] {
  return writes.filter(
    (write) => 'value' in write || oracle.targets(vector, write.key, 'all', fleetMs).length > 0,
  );
}

/** A vector in which an origin has this seq. */
export function withSeq(vector: VectorEntries, origin: string, seq: number): VectorEntries {
  const others = vector.filter(([name]) => name !== origin);
  return seq === 0 ? others : [...others, [origin, seq]];
}
