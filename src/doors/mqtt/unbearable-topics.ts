import { BoundedMap } from '../../core/bounded-map.js';
import type { MirrorTuning } from './tuning.js';

interface Suspicion {
  /** Times the connection broke while it alone was under way. */
  alone: number;
  /** Monotonic ms of the last time. */
  atMs: number;
}

/**
 * Finds the topics that a broker cannot bear: one that gets such a topic closes the connection without a reason (blanks
 * and dots at some, characters or depth at others). Whatever was under way when a connection broke is suspect, and goes
 * alone from then on until it has passed; what breaks the connection alone, again and again, is given up for a while.
 */
export class UnbearableTopics {
  private readonly suspects: BoundedMap<string, Suspicion>;

  constructor(private readonly tuning: MirrorTuning) {
    this.suspects = new BoundedMap(tuning.unbearable);
  }

  /** The connection broke while these were under way. */
  broke(names: readonly string[], nowMs: number): void {
    for (const name of names) {
      const known = this.suspects.get(name);
      const alone = (known?.alone ?? 0) + (names.length === 1 && known !== undefined ? 1 : 0);
      this.suspects.put(name, { alone, atMs: nowMs });
    }
  }

  /** The broker took it. */
  passed(name: string): void {
    if (this.suspects.size > 0) this.suspects.delete(name);
  }

  /** Whether it must be published alone. */
  isSuspect(name: string): boolean {
    return this.suspects.size > 0 && this.suspects.has(name);
  }

  /** Whether it is not published for now. */
  isGivenUp(name: string, nowMs: number): boolean {
    if (this.suspects.size === 0) return false;
    const known = this.suspects.get(name);
    return (
      known !== undefined &&
      known.alone >= this.tuning.unbearableBreaks &&
      nowMs - known.atMs < this.tuning.unbearableMs
    );
  }

  /** How many are not published for now. */
  givenUp(nowMs: number): number {
    let count = 0;
    for (const name of this.suspects.keys()) if (this.isGivenUp(name, nowMs)) count++;
    return count;
  }
}
