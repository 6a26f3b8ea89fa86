import type { Logger } from '../ports/logger.js';
import { Pauses } from '../ports/pauses.js';
import type { Time } from '../ports/time.js';

/** The machine's clocks and timers. No timer keeps the process alive. */
export const systemTime: Time = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs).unref();
    return () => {
      clearTimeout(timer);
    };
  },
  // Immediates run after the sockets of this turn were read, so requests that came in together go out together.
  atEndOfTurn: (call) => {
    setImmediate(call);
  },
};

let fineOriginMs = performance.timeOrigin;

/**
 * The machine's wall clock in whole µs since 1970: equal at all processes of it, as far as that goes. The monotonic clock
 * tells the µs, and follows the wall clock where that is set.
 */
export function wallUs(): number {
  const wallMs = Date.now();
  const fineMs = fineOriginMs + performance.now();
  if (fineMs >= wallMs && fineMs < wallMs + 1) return Math.floor(fineMs * 1_000);
  fineOriginMs += fineMs < wallMs ? wallMs - fineMs : wallMs + 0.999 - fineMs;
  return Math.floor((fineOriginMs + performance.now()) * 1_000);
}

/** Starts to detect pauses of this process. */
export function watchPauses(logger: Logger): Pauses {
  const pauses = new Pauses(systemTime, logger);
  pauses.start();
  return pauses;
}
