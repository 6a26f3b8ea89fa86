import type { Random } from '../../src/ports/random.js';
import type { Time } from '../../src/ports/time.js';

/** The machine's clock and timers. */
export const realTime: Time = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  atEndOfTurn: (call) => {
    setImmediate(call);
  },
};

export const realRandom: Random = { next: () => Math.random() };
