import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin } from '../../../core/dot.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';

/**
 * Which presences are news: each origin numbers its own, and an older one, delayed or said again by somebody else, must
 * change nothing. Outlives the peers themselves, so that one that has gone does not come back by what it once said.
 */
export class PresenceOrder {
  private readonly last: BoundedMap<Origin, { readonly number: number; readonly atMs: number }>;

  constructor(
    private readonly time: Time,
    private readonly limits: {
      readonly presenceNumbers: number;
      readonly presenceNumberMs: number;
    } = replicationLimits,
  ) {
    this.last = new BoundedMap(limits.presenceNumbers);
  }

  /** Takes a presence. @returns whether it is newer than every one before, as far as that can be told */
  isNews({ origin, number, state }: PresenceMessage): boolean {
    // A last will is written before what its server says later, and is said after it.
    if (number === undefined && state === 'leaving') return true;
    const nowMs = this.time.monotonicMs();
    const last = this.last.get(origin);
    if (last && nowMs - last.atMs < this.limits.presenceNumberMs && (number ?? 0) <= last.number)
      return false;
    // Servers of before do not number theirs: the order of arrival counts.
    if (number === undefined) this.last.delete(origin);
    else this.last.put(origin, { number, atMs: nowMs });
    return true;
  }
}
