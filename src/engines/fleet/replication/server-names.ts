import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin } from '../../../core/dot.js';
import type { PresenceMessage } from '../../../ports/bus.js';

/**
 * The readable names of servers by origin, also of those that have left: what they wrote stays. Bounded; the one silent
 * for longest is forgotten first.
 */
export class ServerNames {
  private readonly names: BoundedMap<Origin, string>;

  /** @param most how many are remembered */
  constructor(most: number) {
    this.names = new BoundedMap(most);
  }

  /** Takes a presence: a server without a name is called by its address. */
  note({ origin, name, address }: PresenceMessage): void {
    const known = name ?? address;
    // A leave has neither.
    if (known !== '') this.names.put(origin, known);
  }

  of(origin: Origin): string | undefined {
    return this.names.get(origin);
  }
}
