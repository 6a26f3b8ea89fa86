/** Lets so much happen at once, and one more after each `refillMs`. The clock is the caller's, monotonic. */
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

  /** Takes one, unless it is empty: ask {@link isEmpty} before. */
  take(): void {
    this.level--;
  }

  /** What was taken was not to be counted. */
  giveBack(): void {
    this.level = Math.min(this.most, this.level + 1);
  }
}
