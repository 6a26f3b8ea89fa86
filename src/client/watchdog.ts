/** Ends what is silent for too long, unless it turns out to have nothing to say. */
export class Watchdog {
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param silenceMs longest silence
   * @param isThere asked after that: whether to go on waiting
   * @param end called once it is not
   */
  constructor(
    private readonly silenceMs: number,
    private readonly isThere: () => boolean | Promise<boolean>,
    private readonly end: () => void,
  ) {}

  /** Begins to wait, from now. */
  arm(): void {
    clearTimeout(this.timer);
    const timer = setTimeout(() => void this.look(timer), this.silenceMs);
    this.timer = timer;
  }

  /** Waits no longer: something was heard, or nothing more is to come. */
  disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async look(timer: NodeJS.Timeout): Promise<void> {
    const isThere = await this.isThere();
    // Something was heard meanwhile.
    if (this.timer !== timer) return;
    if (isThere) this.arm();
    else this.end();
  }
}
