import type { InsertMutation, Mutation } from '../../src/core/mutation.js';
import type { Store } from '../../src/core/store.js';
import { planWrite } from '../../src/engines/store-plan.js';
import { Room } from '../../src/engines/room.js';
import type { KeyWrite } from '../../src/ports/engine.js';

/** What a write of this writer does to the store as it is now; `undefined` if it does nothing. */
function stamp(store: Store, origin: string, write: KeyWrite, wallMs = 0): Mutation | undefined {
  return planWrite({ store, origin, room: new Room() }, write, wallMs).mutations[0];
}

export function stampInsert(
  store: Store,
  origin: string,
  key: string,
  value: string,
  wallMs: number,
): InsertMutation {
  return stamp(store, origin, { kind: 'insert', key, value }, wallMs) as InsertMutation;
}

/** The removal of one version of a key, or of all of them, whoever does it. */
export function stampRemoval(store: Store, key: string, version?: number): Mutation {
  return stamp(store, 'alguém', { kind: 'remove', key, version }) as Mutation;
}

export function stampTrim(store: Store, key: string): Mutation | undefined {
  return stamp(store, 'alguém', { kind: 'trim', key });
}
