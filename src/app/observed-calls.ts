import { CallCounts } from '../call/observe.js';
import type { Observe } from '../call/observe.js';
import type { Logger } from '../ports/logger.js';

/**
 * Makes the observer of every outcome of every call of a server, whichever door it came through. All observers of calls
 * are combined here.
 */
export function observedCalls(logger: Logger): Observe {
  return new CallCounts(logger).observe;
}
