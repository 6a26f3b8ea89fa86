import { CallCounts } from '../call/observe.js';
import type { Observe } from '../call/observe.js';
import type { Logger } from '../ports/logger.js';

/** What sees every outcome of every call of a server, whatever door it came by: what is to be known of calls is put together here. */
export function observedCalls(logger: Logger): Observe {
  return new CallCounts(logger).observe;
}
