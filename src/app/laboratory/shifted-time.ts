import type { Time } from '../../ports/time.js';

/** A clock whose wall time runs ahead of another one, or behind it. Whatever is measured, and timers, are unchanged. */
export class ShiftedTime implements Time {
  shiftMs = 0;

  constructor(private readonly inner: Time) {}

  wallMs(): number {
    return this.inner.wallMs() + this.shiftMs;
  }

  monotonicMs(): number {
    return this.inner.monotonicMs();
  }

  after(delayMs: number, call: () => void): () => void {
    return this.inner.after(delayMs, call);
  }

  atEndOfTurn(call: () => void): void {
    this.inner.atEndOfTurn(call);
  }
}
