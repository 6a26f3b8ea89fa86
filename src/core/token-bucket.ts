/** A rate limiter: allows a burst, and one more after each `refillMs`. The caller passes its monotonic clock. */
export class TokenBucket {
  private level: number;

  constructor(
    private readonly most: number,
    private readonly refillMs: number,
    private sinceMs: number,
  ) {
    this.level = most;
  }

  isEmpty(nowMs: number): boolean {
    const more = Math.floor((nowMs - this.sinceMs) / this.refillMs);
    if (more > 0) {
      this.level = Math.min(this.most, this.level + more);
      this.sinceMs += more * this.refillMs;
    }
    return this.level === 0;
  }

  /** Takes one token. Check {@link isEmpty} first: this does not. */
  take(): void {
    this.level--;
  }

  /** Returns a token that should not have been counted. */
  giveBack(): void {
    this.level = Math.min(this.most, this.level + 1);
  }
}
