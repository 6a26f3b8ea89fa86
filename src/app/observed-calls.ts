import { CallCounts } from '../call/observe.js';
import type { Logger } from '../ports/logger.js';

/**
 * Makes what counts every outcome of every call of a server, whichever door it came through: its `observe` is handed to
 * all of them. Further observers of calls are combined with it here.
 */
export function observedCalls(logger: Logger): CallCounts {
  return new CallCounts(logger);
}
