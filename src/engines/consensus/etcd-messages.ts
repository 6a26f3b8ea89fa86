import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { PackageDefinition } from '@grpc/proto-loader';
import { protoPath } from '../../files/proto-path.js';

/** The etcd messages used here, as plain objects; proto/etcd.proto has the field numbers. */
export interface Header {
  readonly revision: number;
  /** Rounded: enough to tell clusters apart. */
  readonly cluster_id?: number;
}

export interface EtcdKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Revision of the last write to this key. */
  readonly mod_revision: number;
  /** Writes to this key since it was created. */
  readonly version: number;
}

export interface EtcdRangeRequest {
  readonly key: Buffer;
  readonly range_end?: Buffer;
  readonly limit?: number;
  readonly revision?: number;
  readonly serializable?: boolean;
  readonly keys_only?: boolean;
  readonly count_only?: boolean;
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly EtcdKeyValue[];
  readonly more: boolean;
  /** Keys of the whole range. */
  readonly count: number;
}

export type RequestOp =
  | { readonly request_range: EtcdRangeRequest }
  | { readonly request_put: { readonly key: Buffer; readonly value: Buffer; readonly lease?: number } }
  | { readonly request_delete_range: { readonly key: Buffer; readonly range_end?: Buffer } }
  | { readonly request_txn: TxnRequest };

/** Values of `Compare.CompareResult`. Numbers, since the loader silently turns an unknown name into 0. */
export const RESULT = Object.freeze({ EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 });

/** Values of `Compare.CompareTarget`. */
export const TARGET = Object.freeze({ VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 });

export interface Compare {
  readonly result: number;
  readonly target: number;
  readonly key: Buffer;
  readonly mod_revision?: number;
  readonly create_revision?: number;
  /** End of the range, not included; the comparison applies to every key of the range. */
  readonly range_end?: Buffer;
}

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface ResponseOp {
  readonly response_range?: RangeResponse;
  /** Its header tells nothing: the whole answer's holds. */
  readonly response_txn?: TxnResponse;
}

export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

interface LeaseGrantRequest {
  /** Seconds. */
  readonly TTL: number;
  readonly ID: number;
}

interface LeaseGrantResponse {
  readonly header: Header;
  readonly ID: number;
}

/** Each request has one of the two. */
export interface WatchRequest {
  readonly create_request?: {
    readonly key: Buffer;
    readonly range_end: Buffer;
    readonly start_revision?: number;
    readonly progress_notify?: boolean;
    readonly prev_kv?: boolean;
    readonly watch_id?: number;
    readonly fragment?: boolean;
  };
  readonly cancel_request?: { readonly watch_id: number };
}

/** A change of one key; `kv` of a removal has no value. */
export interface EtcdEvent {
  readonly type: number;
  readonly kv: EtcdKeyValue | null;
  /** What was there before, if that was asked for. */
  readonly prev_kv?: EtcdKeyValue | null;
}

export interface WatchResponse {
  readonly header: Header;
  readonly watch_id: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: number;
  readonly cancel_reason: string;
  /** More of the same revisions follows. */
  readonly fragment: boolean;
  readonly events: readonly EtcdEvent[];
}

/** `Event.EventType` of a removal. */
export const EVENT_DELETE = 1;

export type Method<Req, Res> = Pick<
  MethodDefinition<Req, Res>,
  'path' | 'requestSerialize' | 'responseDeserialize'
>;

// Revisions stay below 2⁵³ for centuries of writes.
const loaded = loadEtcd(Number);

export const RANGE = method<EtcdRangeRequest, RangeResponse>(loaded, 'etcdserverpb.KV', 'Range');
export const TXN = method<TxnRequest, TxnResponse>(loaded, 'etcdserverpb.KV', 'Txn');
export const LEASE_GRANT = method<LeaseGrantRequest, LeaseGrantResponse>(
  loaded,
  'etcdserverpb.Lease',
  'LeaseGrant',
);
export const WATCH = method<WatchRequest, WatchResponse>(loaded, 'etcdserverpb.Watch', 'Watch');

/** @param longs type of 64-bit numbers: those that name members do not fit in a number */
export function loadEtcd(longs: typeof Number | typeof String): PackageDefinition {
  return loadSync(protoPath('etcd.proto'), { keepCase: true, longs, defaults: true, arrays: true });
}

export function method<Req, Res>(from: PackageDefinition, service: string, name: string): Method<Req, Res> {
  const definitions = from[service] as Readonly<Record<string, Method<Req, Res> | undefined>> | undefined;
  const definition = definitions?.[name];
  if (definition === undefined) throw new Error(`etcd.proto has no ${service}/${name}`);
  return definition;
}
