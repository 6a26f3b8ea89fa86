import { Unanswered } from './client.js';
import type { Answered, Caller, CallOptions } from './client.js';
import { TOO_LARGE } from './outcome.js';
import { RANGE } from './wire.js';
import type { RangeRequest, RangeResponse } from './wire.js';

/** A page that is too large for an answer is asked for again in so many parts. */
const PARTS = 8;

/**
 * A page of a range: fewer keys where values of other programs lie among ours that are larger than any of ours.
 * @throws Unanswered
 */
export async function pageOf(
  client: Pick<Caller, 'call'>,
  request: RangeRequest,
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
