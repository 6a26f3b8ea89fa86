import type { Origin, VectorEntries } from '../../src/core/dot.js';
import type { Mutation } from '../../src/core/mutation.js';
import type { Moment, Oracle } from './oracle.js';

/** What the oracle cannot see in a mutation. */
export interface Intent {
  /** The last so many in the order of time stay; absent: only expired entries may be discarded. */
  readonly keeps?: number | undefined;
  /** A raise of a floor that keeps to no rule but that of the model: see {@link Oracle.raiseFloor}. */
  readonly isForced?: boolean;
}

/**
 * Tells the oracle of a mutation that its writer has accepted. Of a removal only its kind is told: what it removes, the
 * oracle knows itself.
 * @param before the writer's vector before it
 * @throws Violation if the oracle knows better
 */
export function recordMutation(
  oracle: Oracle,
  origin: Origin,
  before: VectorEntries,
  mutation: Mutation,
  at: Moment,
  { keeps, isForced = false }: Intent = {},
): void {
  oracle.assertNotBehind(origin, before, at);
  switch (mutation.kind) {
    case 'insert':
      oracle.insert(origin, before, mutation.key, mutation.value, mutation, at);
      return;
    case 'removeObserved': {
      const target = mutation.keep === undefined ? 'all' : 'allButNewest';
      oracle.remove(origin, before, mutation.key, target, at.fleetMs);
      return;
    }
    case 'removeDots':
      oracle.remove(origin, before, mutation.key, mutation.version, at.fleetMs);
      return;
    case 'discard':
      oracle.discard(origin, before, mutation.key, mutation, at, keeps);
      return;
    case 'raiseFloor':
      oracle.raiseFloor(origin, before, mutation.part, mutation, at, isForced);
  }
}
