import { RANGE, TXN } from './etcd-messages.js';
import type {
  Compare,
  EtcdKeyValue,
  EtcdRangeRequest,
  RangeResponse,
  RequestOp,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from './etcd-messages.js';

/** A message that names one key or a range of keys. */
interface Named {
  readonly key: Buffer;
  readonly range_end?: Buffer;
}

/*
 * Maps places of layout.ts to keys of etcd below the prefix of a store, and back. Pure.
 */

/** A request with the prefix added; a request without keys is unchanged. */
export function requestBelow<Req>(prefix: Buffer, path: string, request: Req): Req {
  if (path === TXN.path) return txnBelow(prefix, request as TxnRequest) as Req;
  if (path === RANGE.path) return keysBelow(prefix, request as EtcdRangeRequest) as Req;
  return request;
}

/** An answer with the prefix removed. */
export function answerAbove<Res>(prefix: Buffer, path: string, answer: Res): Res {
  if (path === TXN.path) return txnAbove(prefix, answer as TxnResponse) as Res;
  if (path === RANGE.path) return rangeAbove(prefix, answer as RangeResponse) as Res;
  return answer;
}

export function keysBelow<T extends Named>(prefix: Buffer, named: T): T {
  const key = Buffer.concat([prefix, named.key]);
  if (named.range_end === undefined) return { ...named, key };
  return { ...named, key, range_end: Buffer.concat([prefix, named.range_end]) };
}

/** A pair with the prefix removed from its key. */
export function pairAbove(prefix: Buffer, kv: EtcdKeyValue): EtcdKeyValue {
  return { ...kv, key: kv.key.subarray(prefix.length) };
}

function txnBelow(prefix: Buffer, { compare, success, failure }: TxnRequest): TxnRequest {
  return {
    compare: compare.map((one): Compare => keysBelow(prefix, one)),
    success: success.map((op) => operationBelow(prefix, op)),
    failure: failure.map((op) => operationBelow(prefix, op)),
  };
}

function operationBelow(prefix: Buffer, op: RequestOp): RequestOp {
  if ('request_range' in op) return { request_range: keysBelow(prefix, op.request_range) };
  if ('request_put' in op) return { request_put: keysBelow(prefix, op.request_put) };
  if ('request_txn' in op) return { request_txn: txnBelow(prefix, op.request_txn) };
  return { request_delete_range: keysBelow(prefix, op.request_delete_range) };
}

function txnAbove(prefix: Buffer, answer: TxnResponse): TxnResponse {
  const responses = answer.responses.map((op): ResponseOp => {
    if (op.response_range) return { response_range: rangeAbove(prefix, op.response_range) };
    return op.response_txn ? { response_txn: txnAbove(prefix, op.response_txn) } : op;
  });
  return { ...answer, responses };
}

function rangeAbove(prefix: Buffer, answer: RangeResponse): RangeResponse {
  return { ...answer, kvs: answer.kvs.map((kv) => pairAbove(prefix, kv)) };
}
