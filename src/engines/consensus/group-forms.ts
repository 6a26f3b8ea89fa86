import { OPERATIONS_MAX } from './limits.js';
import { TARGET, RESULT } from './etcd-messages.js';
import type {
  Compare,
  EtcdRangeRequest,
  RequestOp,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from './etcd-messages.js';

/** How requests travel as one transaction, and what each is answered. Pure. */
export interface GroupForm {
  /** How many operations a request takes in the transaction of its group. */
  weight(request: TxnRequest): number;
  together(requests: readonly TxnRequest[]): TxnRequest;
  /** @returns `undefined` for a request that the answer does not speak of */
  apart(requests: readonly TxnRequest[], answer: TxnResponse): readonly (TxnResponse | undefined)[];
}

/**
 * Writes: a transaction of transactions, each of which is done or not by its own comparisons. etcd makes all comparisons
 * before the first change, so no two may be about one key; those of one server take turns for a key.
 */
export const WRITES_TOGETHER: GroupForm = {
  weight: () => 1,
  together: (requests) => {
    return { compare: [], success: requests.map((one) => ({ request_txn: one })), failure: [] };
  },
  apart: (requests, { header, responses }) =>
    requests.map((_, index) => {
      const answer = responses[index]?.response_txn;
      return answer && { ...answer, header };
    }),
};

/**
 * Reads: ranges alone. A transaction of transactions would be written to the log of the replicas as writes are, so each
 * request's comparisons are read too and made here.
 */
export const READS_TOGETHER: GroupForm = {
  weight: (request) => rangesOf(request).length,
  together: (requests) => ({ compare: [], success: requests.flatMap(rangesOf), failure: [] }),
  apart: (requests, { header, responses }) => {
    let begin = 0;
    return requests.map((request) => {
      const end = begin + rangesOf(request).length;
      const answers = responses.slice(begin, end);
      begin = end;
      if (answers.length < rangesOf(request).length) return undefined;
      return { header, ...chosen(request, answers) };
    });
  },
};

/** The form in which a request may travel with others; `undefined`: it goes by itself. */
export function formOf(request: TxnRequest): GroupForm | undefined {
  const { compare, success, failure } = request;
  if (![...success, ...failure].every((op) => 'request_range' in op)) return WRITES_TOGETHER;
  const fits = compare.every(isOfOneRevision) && rangesOf(request).length <= OPERATIONS_MAX;
  return fits ? READS_TOGETHER : undefined;
}

function isOfOneRevision({ target, result, range_end: end }: Compare): boolean {
  return target === TARGET.MOD && result === RESULT.EQUAL && end === undefined;
}

/** What a request may have to read, whatever its comparisons give, and last the keys that it compares. */
function rangesOf({ compare, success, failure }: TxnRequest): readonly RequestOp[] {
  const compared = compare.map(({ key }): RequestOp => ({ request_range: { key, keys_only: true } }));
  return [...success, ...failure, ...compared];
}

function chosen(
  { compare, success, failure }: TxnRequest,
  answers: readonly ResponseOp[],
): Omit<TxnResponse, 'header'> {
  const seen = answers.slice(success.length + failure.length);
  const succeeded = compare.every(({ mod_revision: revision = 0 }, index) => {
    return (seen[index]?.response_range?.kvs[0]?.mod_revision ?? 0) === revision;
  });
  const split = success.length;
  const responses = succeeded ? answers.slice(0, split) : answers.slice(split, split + failure.length);
  return { succeeded, responses };
}

/** What a request takes on the wire, about. */
export function bytesOf({ compare, success, failure }: TxnRequest): number {
  let bytes = 0;
  for (const { key } of compare) bytes += key.length;
  for (const op of [...success, ...failure]) {
    if ('request_put' in op) bytes += op.request_put.key.length + op.request_put.value.length;
    else if ('request_range' in op) bytes += lengthOf(op.request_range);
    else if ('request_delete_range' in op) bytes += lengthOf(op.request_delete_range);
    else bytes += bytesOf(op.request_txn);
  }
  return bytes;
}

function lengthOf({ key, range_end: end }: Pick<EtcdRangeRequest, 'key' | 'range_end'>): number {
  return key.length + (end?.length ?? 0);
}
