/** Callbacks that wait until everything that was applied when they were added is on disk. */
export class DurabilityWaiters {
  private waiting: (() => void)[] = [];
  private underWay: (() => void)[] = [];

  add(call: () => void): void {
    this.waiting.push(call);
  }

  /** To be called when a write begins that covers everything the current waiters ask for. */
  begin(): void {
    this.underWay.push(...this.waiting);
    this.waiting = [];
  }

  /** The write has succeeded. */
  done(): void {
    const calls = this.underWay;
    this.underWay = [];
    for (const call of calls) call();
  }

  /** The write has failed: its waiters wait for the next one. */
  failed(): void {
    this.waiting.unshift(...this.underWay);
    this.underWay = [];
  }
}
