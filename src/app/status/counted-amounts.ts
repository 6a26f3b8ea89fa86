import type { SystemStatus } from '../../ports/status.js';
import type { Time } from '../../ports/time.js';
import { appLimits } from '../limits.js';

export type Amounts = Pick<SystemStatus, 'keys' | 'versions' | 'bytes'>;

/** How much there is, where others have to count it: asked for now and then only, and remembered. */
export class CountedAmounts {
  /** As they were counted last. */
  last: Amounts = { keys: 0, versions: 0, bytes: 0 };
  private counted: Promise<Amounts> = Promise.resolve(this.last);
  private askedMs = -Infinity;

  constructor(
    private readonly engine: { amounts(): Promise<Amounts> },
    private readonly time: Time,
  ) {}

  /** As they were a moment ago; where nobody answers, as they were last. Never rejects. */
  recent(): Promise<Amounts> {
    const nowMs = this.time.monotonicMs();
    if (nowMs - this.askedMs >= appLimits.amountsAgeMs) {
      this.askedMs = nowMs;
      this.counted = this.engine.amounts().then(
        (amounts) => (this.last = amounts),
        () => this.last,
      );
    }
    return this.counted;
  }
}
