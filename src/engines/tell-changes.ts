import type { Mutation } from '../core/mutation.js';
import type { Store } from '../core/store.js';
import type { ChangeListener } from '../ports/changes.js';

/** Reports a mutation that the store has applied to a listener, as a change of its key. */
export function tellOf(mutation: Mutation, store: Store, listener: ChangeListener): void {
  // A mark that changes nothing has no dots.
  if (mutation.kind === 'raiseFloor' || (mutation.kind === 'removeDots' && mutation.dots.length === 0))
    return;
  const { kind, key } = mutation;
  if (kind === 'insert') listener.inserted(key, mutation.value);
  else if (kind === 'removeObserved' && mutation.keep === undefined) listener.removed(key);
  else if (store.entriesOf(key) === 0) listener.removed(key);
}
