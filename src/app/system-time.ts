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

/** Starts to detect pauses of this process. */
export function watchPauses(logger: Logger): Pauses {
  const pauses = new Pauses(systemTime, logger);
  pauses.start();
  return pauses;
}
