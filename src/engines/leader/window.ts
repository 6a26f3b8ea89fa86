import { leaderLimits } from './limits.js';

/** Mutations in flight to one follower, and the limit on them. */
export class Window {
  /** The size of each mutation, oldest first. */
  private readonly sizes: number[] = [];
  private bytes = 0;

  /** What is in flight, for metrics. */
  get used(): { readonly mutations: number; readonly bytes: number } {
    return { mutations: this.sizes.length, bytes: this.bytes };
  }

  get isFull(): boolean {
    return this.sizes.length >= leaderLimits.windowMutations || this.bytes >= leaderLimits.windowBytes;
  }

  sent(bytes: number): void {
    this.sizes.push(bytes);
    this.bytes += bytes;
  }

  /** Removes the oldest `count` mutations, which were acknowledged. */
  acknowledged(count: number): void {
    for (const bytes of this.sizes.splice(0, count)) this.bytes -= bytes;
  }

  clear(): void {
    this.sizes.length = 0;
    this.bytes = 0;
  }
}
