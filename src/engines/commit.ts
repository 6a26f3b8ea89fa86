import type { Origin } from '../core/dot.js';
import type { Mutation } from '../core/mutation.js';
import type { Store } from '../core/store.js';
import type { CommitWrite, Guard } from '../ports/engine.js';
import { assertRoomFor } from './room.js';

/** Whether every guard of a commit holds in the store as it is now. */
export function guardsHold(store: Store, guards: readonly Guard[]): boolean {
  return guards.every(({ key, version }) => (store.getAt(key)?.version ?? 0) === version);
}

/**
 * What the writes of a commit do to the store as it is now. Each key is written once, so that applying one leaves the
 * stamps of the others true; and whatever may be refused is refused here, before anything is applied.
 * @param wallMs wall clock, ms since 1970
 * @throws KvsError LIMITE_*, VERSAO_ESGOTADA
 */
export function stampWrites(
  store: Store,
  origin: Origin,
  writes: readonly CommitWrite[],
  wallMs: number,
): readonly Mutation[] {
  return writes.flatMap((write): Mutation[] => {
    if (write.kind === 'removeAll')
      return store.entriesOf(write.key) === 0 ? [] : [store.stampRemoveAll(write.key)];
    assertRoomFor(store, write.key, write.value);
    return [store.stampInsert(origin, write.key, write.value, wallMs)];
  });
}
