import type { KeySpace } from './space.js';
import type { Store } from './store.js';
import { isExpired } from './visible.js';

// Versions of a key that are read between pauses.
const ROWS_BEFORE_PAUSE = 1024;

/**
 * What `read` makes of every version of a key that has not expired, in ascending order, read lazily and with pauses
 * (`undefined`). @param read some rows of the slot in the key space of that moment
 */
export function* walkRows<T>(
  store: Store,
  key: string,
  read: (space: KeySpace, slot: number, rows: readonly number[]) => Iterable<T>,
): Generator<T | undefined> {
  for (let last = 0; ;) {
    // Looked up anew after each pause: rows may have been removed, or a state adopted.
    const space = store.keySpace;
    const slot = space.keys.find(key);
    if (slot === undefined) return;
    const found = space.rowsAfter(slot, last, ROWS_BEFORE_PAUSE);
    const lastFound = found.at(-1);
    if (lastFound === undefined) return;
    last = space.entries.version(lastFound);
    yield* read(
      space,
      slot,
      found.filter((row) => !isExpired(space, row)),
    );
    if (found.length >= ROWS_BEFORE_PAUSE) yield undefined;
  }
}
