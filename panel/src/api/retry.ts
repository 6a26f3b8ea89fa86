import { pageLimits } from '../limits.js';

/**
 * How long to wait before an attempt: twice as long each time, up to a bound, and up to half of it less, so that all pages of
 * a server that was away do not come back at the same moment.
 * @param failures in a row, from 1
 * @param random 0 … 1
 */
export function retryWaitMs(failures: number, random: () => number = Math.random): number {
  const wholeMs = Math.min(pageLimits.retryMsMax, pageLimits.retryMs * 2 ** Math.min(failures - 1, 16));
  return wholeMs * (1 - random() / 2);
}

/** Waits; ends early when `signal` does. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
