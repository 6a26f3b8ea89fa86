/** Calls that wait until everything that was here when they came is on the disk. */
export class DurabilityWaiters {
  private waiting: (() => void)[] = [];
  private underWay: (() => void)[] = [];

  add(call: () => void): void {
    this.waiting.push(call);
  }

  /** What is written from now on has everything that those who wait now ask for. */
  begin(): void {
    this.underWay.push(...this.waiting);
    this.waiting = [];
  }

  /** It is on the disk. */
  done(): void {
    const calls = this.underWay;
    this.underWay = [];
    for (const call of calls) call();
  }

  /** It is not. */
  failed(): void {
    this.waiting.unshift(...this.underWay);
    this.underWay = [];
  }
}
