import { KvsError } from './errors.js';
import { limits } from './limits.js';
import type { InsertMutation } from './mutation.js';
import type { Store } from './store.js';

/**
 * The insert that follows another of the same writer which is decided and not applied yet: as `Store.stampInsert`
 * would make it right after applying that one.
 * @param wallMs wall clock, ms since 1970
 * @throws KvsError VERSAO_ESGOTADA
 */
export function stampInsertAfter(earlier: InsertMutation, value: string, wallMs: number): InsertMutation {
  const version = earlier.version + 1;
  const timestamp = Math.max(Math.floor(wallMs), earlier.timestamp + 1);
  assertCountable(version, timestamp);
  // The earlier one will be the only head: what it had observed is passed on, pruned as for any head.
  const { length } = earlier.context;
  const context =
    length > limits.contextEntries ? earlier.context.slice(0, limits.contextEntries) : earlier.context;
  return { kind: 'insert', key: earlier.key, value, version, timestamp, context };
}

/** A version that comes from elsewhere. */
interface Restorable {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly timestamp: number;
}

/** Whether exactly this version is there. */
export function isPresent(store: Store, { key, value, version, timestamp }: Restorable): boolean {
  const { keys, entries } = store.keySpace;
  const slot = keys.find(key);
  if (slot === undefined) return false;
  const rows = store.keySpace.rowsOfVersion(slot, version);
  return rows.some((row) => entries.timestamp(row) === timestamp && entries.value(row) === value);
}

/**
 * An insert with the version and timestamp that it had elsewhere, where they come after all that the key has seen here;
 * otherwise as it is.
 * @param insert stamped as the next of its key
 * @param timestampLeast the least timestamp that the key may get
 */
export function withOriginalStamp(
  insert: InsertMutation,
  timestampLeast: number,
  { version, timestamp }: Restorable,
): InsertMutation {
  return version >= insert.version && timestamp >= timestampLeast
    ? { ...insert, version, timestamp }
    : insert;
}

/** The least timestamp that the next insert of a key may get. */
export function timestampLeast(store: Store, key: string): number {
  const { keys } = store.keySpace;
  const slot = keys.find(key);
  return slot === undefined ? 1 : keys.greatestTimestamp(slot) + 1;
}

/** @throws KvsError VERSAO_ESGOTADA if a counter would pass its limit */
export function assertCountable(version: number, timestamp: number): void {
  if (version <= limits.version && timestamp <= limits.timestampMs) return;
  throw new KvsError(
    'VERSAO_ESGOTADA',
    `a chave já usou a maior versão possível (${limits.version}); use outra chave`,
  );
}
