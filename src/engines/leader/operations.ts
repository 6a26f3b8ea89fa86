import type { Origin } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import type { Mutation } from '../../core/mutation.js';
import type { Store } from '../../core/store.js';
import { assertOriginFits, assertRoomFor } from '../room.js';
import { limits } from '../../core/limits.js';
import { guardsHold, stampWrites } from '../commit.js';
import type { Commit, Row } from '../../ports/engine.js';
import type { OperationKind } from '../../wire/mensagem/messages.js';

/** A write as a door asks for it. */
export interface Operation {
  readonly kind: OperationKind;
  readonly key: string;
  /** Of an insert or put. */
  readonly value?: string | undefined;
  /** Of a removal; all if `undefined`. */
  readonly version?: number | undefined;
}

/** What a write tells, as {@link Engine} says for each. */
export interface OperationDone {
  /** The row made (insert, put), removed (removeAll) or kept (trim). */
  readonly row?: Row | undefined;
  /** The newest before a put. */
  readonly previous?: Row | undefined;
}

/** What a write does, and what it is answered with. */
export interface Plan<T> {
  /** One step; none: nothing is to be changed. */
  readonly mutations: readonly Mutation[];
  readonly done: T;
}

/**
 * What a write does to the store as it is now.
 * @throws KvsError CHAVE_INEXISTENTE, VERSAO_INEXISTENTE, VERSAO_ESGOTADA, LIMITE_*
 */
export function plan(
  store: Store,
  origin: Origin,
  operation: Operation,
  wallMs: number,
): Plan<OperationDone> {
  const { kind, key } = operation;
  assertOriginFits(store, origin, limits.origins);
  switch (kind) {
    case 'insert':
    case 'put': {
      const { value } = operation;
      if (value === undefined) throw new KvsError('PEDIDO_INVALIDO', 'falta o valor');
      assertRoomFor(store, key, value);
      const previous = kind === 'put' ? store.getAt(key) : undefined;
      const mutation = store.stampInsert(origin, key, value, wallMs);
      const { version, timestamp } = mutation;
      return { mutations: [mutation], done: { row: { key, value, version, timestamp }, previous } };
    }
    case 'remove': {
      const { version } = operation;
      const mutation =
        version === undefined ? store.stampRemoveAll(key) : store.stampRemoveVersion(key, version);
      return { mutations: [mutation], done: {} };
    }
    case 'removeAll': {
      const row = store.getAt(key);
      return { mutations: row ? [store.stampRemoveAll(key)] : [], done: { row } };
    }
    case 'trim': {
      const removal = store.stampTrim(key);
      return { mutations: removal ? [removal] : [], done: { row: store.getAt(key) } };
    }
  }
}

/**
 * What a commit does to the store as it is now, and whether its guards hold.
 * @throws KvsError VERSAO_ESGOTADA, LIMITE_*
 */
export function planCommit(
  store: Store,
  origin: Origin,
  { guards, writes }: Commit,
  wallMs: number,
): Plan<boolean> {
  assertOriginFits(store, origin, limits.origins);
  if (!guardsHold(store, guards)) return { mutations: [], done: false };
  return { mutations: stampWrites(store, origin, writes, wallMs), done: true };
}
