import type { Time } from '../../src/ports/time.js';
import type { World } from './sim-time.js';

/** The clock and the timers of one server that can be stopped, as by SIGSTOP, and killed. */
export class StoppableTime implements Time {
  private waiting: (() => void)[] = [];
  private isStopped = false;
  private isDead = false;

  constructor(private readonly world: World) {}

  get runs(): boolean {
    return !this.isStopped && !this.isDead;
  }

  wallMs(): number {
    return 1_700_000_000_000 + Math.floor(this.world.nowMs);
  }

  monotonicMs(): number {
    return this.world.nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    let isCancelled = false;
    this.world.at(this.world.nowMs + delayMs, () => {
      this.turn(() => {
        if (!isCancelled) call();
      });
    });
    return () => (isCancelled = true);
  }

  atEndOfTurn(call: () => void): void {
    this.world.at(this.world.nowMs, () => {
      this.turn(call);
    });
  }

  /** Something that happens on this server: later if it is stopped, never if it is dead. */
  turn(call: () => void): void {
    if (this.isDead) return;
    if (this.isStopped) this.waiting.push(call);
    else call();
  }

  stop(): void {
    this.isStopped = true;
  }

  thaw(): void {
    this.isStopped = false;
    // What became due meanwhile comes in the order in which it became due, each in a turn of its own.
    for (const call of this.waiting.splice(0)) this.atEndOfTurn(call);
  }

  kill(): void {
    this.isDead = true;
  }
}
