import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin } from '../../../core/dot.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';

/**
 * Decides which presences are new. Each origin numbers its own, and an older one that was delayed or replayed must have
 * no effect. Remembers an origin longer than the peers do, so that a replay cannot bring back a peer that has gone.
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

  /** Takes a presence. @returns whether it is newer than all before, as far as can be told */
  isNews({ origin, number, state }: PresenceMessage): boolean {
    // A last will is written before its server's later presences, but published after them.
    if (number === undefined && state === 'leaving') return true;
    const nowMs = this.time.monotonicMs();
    const last = this.last.get(origin);
    if (last && nowMs - last.atMs < this.limits.presenceNumberMs && (number ?? 0) <= last.number)
      return false;
    // Older versions do not number their presences: the order of arrival counts.
    if (number === undefined) this.last.delete(origin);
    else this.last.put(origin, { number, atMs: nowMs });
    return true;
  }
}
