import { Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller, CallOptions } from './etcd-client.js';
import { TOO_LARGE } from './outcome.js';
import { RANGE } from './etcd-messages.js';
import type { EtcdRangeRequest, RangeResponse } from './etcd-messages.js';

/** A page that is too large for an answer is asked for again in so many parts. */
const PARTS = 8;

/**
 * A page of a range: fewer keys where values of other programs lie among ours that are larger than any of ours.
 * @throws Unanswered
 */
export async function pageOf(
  client: Pick<EtcdCaller, 'call'>,
  request: EtcdRangeRequest,
  keys: number,
  options: CallOptions,
): Promise<Answered<RangeResponse>> {
  for (let limit = keys; ; limit = Math.ceil(limit / PARTS)) {
    try {
      return await client.call(RANGE, { ...request, limit }, options);
    } catch (thrown) {
      const isTooLarge = thrown instanceof Unanswered && thrown.message.includes(TOO_LARGE);
      if (!isTooLarge || limit === 1) throw thrown;
    }
  }
}
