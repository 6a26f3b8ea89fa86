import type { Origin } from '../../../core/dot.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';

/**
 * Which presences are news: each origin numbers its own, and an older one, delayed or said again by somebody else, must
 * change nothing. Outlives the peers themselves, so that one that has gone does not come back by what it once said.
 */
export class PresenceOrder {
  private readonly last = new Map<Origin, { readonly number: number; readonly atMs: number }>();

  constructor(
    private readonly time: Time,
    private readonly limits: {
      readonly presenceNumbers: number;
      readonly presenceNumberMs: number;
    } = replicationLimits,
  ) {}

  /** Takes a presence. @returns whether it is newer than every one before, as far as that can be told */
  isNews({ origin, number, state }: PresenceMessage): boolean {
    // A last will is written before what its server says later, and is said after it.
    if (number === undefined && state === 'leaving') return true;
    const nowMs = this.time.monotonicMs();
    const last = this.last.get(origin);
    if (last && nowMs - last.atMs < this.limits.presenceNumberMs && (number ?? 0) <= last.number)
      return false;
    this.last.delete(origin);
    // Servers of before do not number theirs: the order of arrival counts.
    if (number !== undefined) this.last.set(origin, { number, atMs: nowMs });
    if (this.last.size > this.limits.presenceNumbers) {
      const [oldest] = this.last.keys();
      if (oldest !== undefined) this.last.delete(oldest);
    }
    return true;
  }
}
