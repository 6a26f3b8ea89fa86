import type { EtcdRange } from './layout.js';
import { RESULT, TARGET } from './etcd-messages.js';
import type { Compare, EtcdKeyValue, RequestOp, TxnResponse } from './etcd-messages.js';

/** How a read is done. */
interface ReadAt {
  /** The member may answer from its own state. */
  readonly local: boolean;
  /** Revision of the whole store; the newest if absent. */
  readonly revision?: number | undefined;
}

/** Reads one key. */
export function get(key: Buffer, at: ReadAt): RequestOp {
  return { request_range: { key, serializable: at.local, revision: at.revision ?? 0 } };
}

/** Reads the first key of a range, or the first `limit`. */
export function first(range: EtcdRange, at: ReadAt, limit = 1): RequestOp {
  return { request_range: { ...range, limit, serializable: at.local, revision: at.revision ?? 0 } };
}

/** Counts the keys of a range. */
export function countOf(range: EtcdRange, at: ReadAt = { local: false }): RequestOp {
  const { local, revision = 0 } = at;
  return { request_range: { ...range, count_only: true, serializable: local, revision } };
}

/** Reads the first keys of a range, without their values. */
export function firstPlaces(range: EtcdRange, most: number): RequestOp {
  return { request_range: { ...range, limit: most, keys_only: true } };
}

export function put(key: Buffer, value: Buffer): RequestOp {
  return { request_put: { key, value } };
}

/** Puts a key that is removed with a lease. */
export function putFor(lease: number, key: Buffer, value: Buffer): RequestOp {
  return { request_put: { key, value, lease } };
}

/** Removes one key. */
export function drop(key: Buffer): RequestOp {
  return { request_delete_range: { key } };
}

/** Removes a range of keys. */
export function dropRange(range: EtcdRange): RequestOp {
  return { request_delete_range: range };
}

/** Holds if the last write to `key` was at `revision` (0: it does not exist). */
export function unchanged(key: Buffer, revision: number): Compare {
  return { result: RESULT.EQUAL, target: TARGET.MOD, key, mod_revision: revision };
}

/** Holds if `key` exists. */
export function exists(key: Buffer): Compare {
  return { result: RESULT.GREATER, target: TARGET.CREATE, key, create_revision: 0 };
}

/** Holds if `key` does not exist. */
export function absent(key: Buffer): Compare {
  return { result: RESULT.EQUAL, target: TARGET.CREATE, key, create_revision: 0 };
}

/** Holds if no key of a range was written after `revision`. */
export function untouched(range: EtcdRange, revision: number): Compare {
  return { ...range, result: RESULT.LESS, target: TARGET.MOD, mod_revision: revision + 1 };
}

/** What the operation number `index` of a transaction counted. */
export function counted(response: TxnResponse, index: number): number {
  return response.responses[index]?.response_range?.count ?? 0;
}

/** The first key that the operation number `index` of a transaction read; `undefined` if there was none. */
export function read(response: TxnResponse, index: number): EtcdKeyValue | undefined {
  return response.responses[index]?.response_range?.kvs[0];
}
