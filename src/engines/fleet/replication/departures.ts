import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin } from '../../../core/dot.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import { replicationLimits } from './limits.js';

/** A server that was there and is no more: it said so, or fell silent. */
export interface Departure {
  readonly origin: Origin;
  /** The readable name; absent: it has none. */
  readonly name: string | undefined;
  readonly address: string;
  readonly program: string | undefined;
  /** When it left, or was last heard, monotonic ms. */
  readonly atMs: number;
}

/** The servers that left lately, by their addresses. Bounded; whoever left first is forgotten first. */
export class Departures {
  private readonly gone = new BoundedMap<string, Departure>(replicationLimits.departures);

  /** @param presence its last one @param atMs monotonic */
  note({ origin, name, address, program }: PresenceMessage, atMs: number): void {
    this.gone.put(address, { origin, name, address, program, atMs });
  }

  /** To be called when a server is heard at an address: whoever was there before is another start of it. */
  isBack(address: string): void {
    this.gone.delete(address);
  }

  /** The latest first. */
  all(nowMs: number): Departure[] {
    return [...this.gone.values()]
      .filter(({ atMs }) => nowMs - atMs < replicationLimits.departureMs)
      .sort((one, other) => other.atMs - one.atMs);
  }
}
