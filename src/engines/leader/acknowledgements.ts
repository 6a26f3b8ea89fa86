import type { KvsError } from '../../core/errors.js';
import type { Time } from '../../ports/time.js';

interface Waiter {
  readonly seq: number;
  readonly untilMs: number;
  readonly resolve: () => void;
  readonly reject: (error: KvsError) => void;
}

/**
 * Waiters for points in the order of writes, each with a deadline. Points are requested in ascending order, so the
 * waiters are a queue and one timer is enough for all.
 */
export class Acknowledgements {
  private waiters: Waiter[] = [];
  private cancelTimer: (() => void) | undefined;
  private at = 0;

  /** @param late the error of a waiter whose deadline passed */
  constructor(
    private readonly time: Time,
    private readonly deadlineMs: number,
    private readonly late: () => KvsError,
  ) {}

  /** The point reached so far; it never goes back. */
  get reached(): number {
    return this.at;
  }

  get waiting(): number {
    return this.waiters.length;
  }

  /** @param seq not less than in any call before */
  wait(seq: number): Promise<void> {
    if (seq <= this.at) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ seq, untilMs: this.time.monotonicMs() + this.deadlineMs, resolve, reject });
      this.schedule();
    });
  }

  advance(seq: number): void {
    if (seq <= this.at) return;
    this.at = seq;
    this.settle(
      (waiter) => waiter.seq <= seq,
      (waiter) => waiter.resolve(),
    );
  }

  /** Rejects all waiters. */
  giveUp(): void {
    this.settle(
      () => true,
      (waiter) => waiter.reject(this.late()),
    );
  }

  /** Settles the first waiters, as far as the condition holds. */
  private settle(condition: (waiter: Waiter) => boolean, call: (waiter: Waiter) => void): void {
    let count = 0;
    for (const waiter of this.waiters) {
      if (!condition(waiter)) break;
      count++;
      call(waiter);
    }
    if (count > 0) this.waiters = this.waiters.slice(count);
    if (this.waiters.length > 0) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private schedule(): void {
    const [first] = this.waiters;
    if (first === undefined || this.cancelTimer !== undefined) return;
    const delayMs = Math.max(1, first.untilMs - this.time.monotonicMs());
    this.cancelTimer = this.time.after(delayMs, () => {
      this.cancelTimer = undefined;
      const now = this.time.monotonicMs();
      this.settle(
        ({ untilMs }) => untilMs <= now,
        (waiter) => waiter.reject(this.late()),
      );
      this.schedule();
    });
  }
}
