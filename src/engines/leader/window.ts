import { leaderLimits } from './limits.js';

/** What is on its way to one follower and not yet acknowledged, and how much of it there may be. */
export class Window {
  /** The size of each mutation, oldest first. */
  private readonly sizes: number[] = [];
  private bytes = 0;

  get isFull(): boolean {
    return this.sizes.length >= leaderLimits.windowMutations || this.bytes >= leaderLimits.windowBytes;
  }

  sent(bytes: number): void {
    this.sizes.push(bytes);
    this.bytes += bytes;
  }

  /** The oldest `count` are acknowledged. */
  acknowledged(count: number): void {
    for (const bytes of this.sizes.splice(0, count)) this.bytes -= bytes;
  }

  clear(): void {
    this.sizes.length = 0;
    this.bytes = 0;
  }
}
