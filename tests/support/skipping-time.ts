import type { Time } from '../../src/ports/time.js';
import { realTime } from './real-time.js';

/** What a suite that lets values expire does with the clock of the servers under test. */
export interface ExpiryControl {
  /** What to give values to live. */
  readonly ttlMs: number;
  /** Waits until everything that was given so much before has expired, on every server. */
  over(): Promise<void>;
}

/** Short, since a server that is a minute ahead of what it heard of another refuses writes. */
const TTL_MS = 5_000;

/** The machine's clock and timers, with a wall clock that a test can set ahead. Timers and the monotonic clock go on. */
export class SkippingTime implements Time {
  private aheadMs = 0;

  readonly monotonicMs = realTime.monotonicMs.bind(realTime);
  readonly after = realTime.after.bind(realTime);
  readonly atEndOfTurn = realTime.atEndOfTurn.bind(realTime);

  wallMs(): number {
    return realTime.wallMs() + this.aheadMs;
  }

  skip(ms: number): void {
    this.aheadMs += ms;
  }

  /** @param told waits until all servers have heard of the time that was skipped */
  expiry(told: () => Promise<void> = () => Promise.resolve()): ExpiryControl {
    const over = (): Promise<void> => {
      this.skip(TTL_MS);
      return told();
    };
    return { ttlMs: TTL_MS, over };
  }
}
