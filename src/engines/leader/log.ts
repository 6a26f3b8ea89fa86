import type { KeyMutation } from '../../core/mutation.js';
import { mutationBytes } from '../../core/json-size.js';
import { leaderLimits } from './limits.js';

export interface Logged {
  readonly mutation: KeyMutation;
  /** The seq of the last mutation of its step: its own, if it was written alone. */
  readonly stepLast: number;
  /** An upper bound on its size on the wire. */
  readonly bytes: number;
}

interface LogLimits {
  readonly logMutations: number;
  readonly logBytes: number;
}

// Forgotten items are removed in batches, so that appending stays cheap.
const COMPACT_AT = 1024;

/**
 * The latest mutations of this leader, by their seq. Bounded; the oldest are dropped first, and a follower that lacks
 * one of those takes the whole state.
 */
export class MutationLog {
  private items: (Logged | undefined)[] = [];
  private start = 0;
  /** Seq of `items[0]`. */
  private base = 1;
  private bytes = 0;

  constructor(private readonly bounds: LogLimits = leaderLimits) {}

  /** The seq of the oldest mutation kept; {@link last} + 1 if none is. */
  get first(): number {
    return this.base + this.start;
  }

  get last(): number {
    return this.base + this.items.length - 1;
  }

  /** Appends the next mutations of the leader, one step; afterwards {@link last} is the seq of its last mutation. */
  append(mutations: readonly KeyMutation[]): void {
    const stepLast = this.last + mutations.length;
    for (const mutation of mutations) {
      const bytes = mutationBytes(mutation);
      this.items.push({ mutation, bytes, stepLast });
      this.bytes += bytes;
    }
    while (this.isOver()) this.forgetOldest();
    if (this.start < COMPACT_AT || this.start * 2 < this.items.length) return;
    this.items = this.items.slice(this.start);
    this.base += this.start;
    this.start = 0;
  }

  at(seq: number): Logged | undefined {
    return seq < this.first ? undefined : this.items[seq - this.base];
  }

  /** The mutations of the step that begins with `seq`, in order; `undefined` if they are no longer kept. */
  step(seq: number): readonly Logged[] | undefined {
    const first = this.at(seq);
    if (first === undefined) return undefined;
    if (first.stepLast === seq) return [first];
    return Array.from(
      { length: first.stepLast - seq + 1 },
      (_, i) => this.items[seq - this.base + i] as Logged,
    );
  }

  private isOver(): boolean {
    const count = this.items.length - this.start;
    return count > 1 && (count > this.bounds.logMutations || this.bytes > this.bounds.logBytes);
  }

  private forgetOldest(): void {
    this.bytes -= this.items[this.start]?.bytes ?? 0;
    this.items[this.start++] = undefined;
  }
}
