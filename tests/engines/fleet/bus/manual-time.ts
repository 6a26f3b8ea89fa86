import type { Time } from '../../../../src/ports/time.js';

/** A clock that moves only when told. */
export class ManualTime implements Time {
  private now = 0;
  private timers: { readonly at: number; readonly call: () => void }[] = [];

  wallMs(): number {
    return this.now;
  }
  monotonicMs(): number {
    return this.now;
  }
  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.now + delayMs, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  atEndOfTurn(call: () => void): void {
    this.after(0, call);
  }

  /** Moves on, and calls what is due in order. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.now = next.at;
      this.timers = this.timers.filter((other) => other !== next);
      next.call();
    }
    this.now = end;
  }

  /** Moves on without calling anybody, as for a process that was stopped. */
  sleep(ms: number): void {
    this.now += ms;
  }

  get pending(): number {
    return this.timers.length;
  }
}
