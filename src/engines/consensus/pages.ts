import { Unanswered } from './etcd-client.js';
import type { Answered, EtcdCaller, CallOptions } from './etcd-client.js';
import { TOO_LARGE } from './outcome.js';
import { RANGE } from './etcd-messages.js';
import type { EtcdRangeRequest, RangeResponse } from './etcd-messages.js';

/** Factor by which a page is reduced when its answer is too large. */
const PARTS = 8;

/**
 * A page of a range, with fewer keys if an answer is too large: values of other programs in the range may exceed
 * ours.
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
