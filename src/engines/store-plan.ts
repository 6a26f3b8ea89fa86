/** Writes as mutations of a {@link Store}, for the engines that keep everything in memory. */
import { assertCommitFits } from '../core/commit-size.js';
import type { Origin } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type { InsertMutation, KeyMutation } from '../core/mutation.js';
import type { Store } from '../core/store.js';
import type { StoredKey } from '../core/stored-key.js';
import type { Answers, Commit, KeyWrite, Write } from '../ports/engine.js';
import type { Counted } from '../ports/lines.js';
import { answerTo, decide, guardsHold, removedOf, tellsNewest } from './plan.js';
import type { Step } from './plan.js';
import type { Room } from './room.js';

/** What a write does, and the answer once that is done. */
export interface PlannedWrite {
  /** Applied as one step. Empty if nothing changes. */
  readonly mutations: readonly KeyMutation[];
  readonly answer: Answers[Write['kind']];
}

/** The store that writes are planned against, the origin that makes them, and what it has room for. */
interface Planner {
  readonly store: Store;
  readonly origin: Origin;
  readonly room: Room;
}

/**
 * Plans what a write does to the store as it is now. Every refusal happens here, before anything is applied.
 * @param wallMs wall clock, ms since 1970
 * @param earlier the last insert of the same key, if it is decided and not applied yet; only for a write that adds
 * @throws KvsError CHAVE_INEXISTENTE, VERSAO_INEXISTENTE, VERSAO_ESGOTADA, LIMITE_*, PEDIDO_INVALIDO
 */
export function planWrite(
  planner: Planner,
  write: Write,
  wallMs: number,
  earlier?: InsertMutation,
): PlannedWrite {
  if (write.kind === 'commit') return planCommit(planner, write, wallMs);
  const { store } = planner;
  const key = store.key(write.key, earlier);
  const newest = tellsNewest(write) ? key.newest : undefined;
  const step = decide(write, key, wallMs, store.clock.nowMs());
  const removed = write.kind === 'remove' ? removedFrom(key, write.version) : undefined;
  return {
    mutations: mutationsOf(planner, key, write, step),
    answer: answerTo(write, step, newest, removed),
  };
}

/** What the removal of a version, or of all, removes from a key as it is now. */
export function removedFrom(key: StoredKey, version: number | undefined): Counted {
  return removedOf(key.readable, version === undefined ? undefined : key.readableOf(version));
}

/** A commit writes each key once, so applying one of its mutations does not invalidate the others. */
function planCommit(planner: Planner, commit: Commit, wallMs: number): PlannedWrite {
  assertCommitFits(commit);
  const { store } = planner;
  if (!guardsHold(commit.guards, (key) => store.getAt(key))) return { mutations: NONE, answer: false };
  const mutations = commit.writes.flatMap((write) => {
    const key = store.key(write.key);
    return mutationsOf(planner, key, write, decide(write, key, wallMs));
  });
  return { mutations, answer: true };
}

/** @throws KvsError LIMITE_* */
function mutationsOf(
  { store, origin, room }: Planner,
  key: StoredKey,
  write: KeyWrite,
  step: Step,
): readonly KeyMutation[] {
  switch (step.kind) {
    case 'add': {
      const value = valueOf(write, key);
      room.assertFits(store, key, value);
      if (step.expiresAt !== undefined) assertContextFits(key);
      const insert = key.insertion(origin, value, step.version, step.timestamp, step.expiresAt);
      const attempt = 'attempt' in write ? write.attempt : undefined;
      return [attempt === undefined ? insert : { ...insert, attempt }];
    }
    case 'removeVersion':
      return [key.removalOf(step.version)];
    case 'removeAll':
      return key.removal();
    case 'keepNewest':
      return key.removalOfOthers();
    case 'nothing':
      return NONE;
  }
}

/** The value that a write adds. */
function valueOf(write: KeyWrite, key: StoredKey): string {
  const value = write.kind === 'renew' ? key.newest?.value : 'value' in write ? write.value : undefined;
  if (value === undefined) throw new Error(`${write.kind} adds nothing`);
  return value;
}

/**
 * An insert that expires names every origin of its key, or else an older value would be the latest again.
 * @throws KvsError LIMITE_VERSOES_POR_CHAVE
 */
function assertContextFits(key: StoredKey): void {
  if (key.originCount <= limits.contextOrigins) return;
  throw new KvsError(
    'LIMITE_VERSOES_POR_CHAVE',
    `um valor com prazo precisa de uma chave com versões de no máximo ${limits.contextOrigins} aberturas de servidores: remova versões antigas`,
  );
}

const NONE: readonly KeyMutation[] = [];
