import type { Origin } from '../../../core/dot.js';
import type { VersionVector } from '../../../core/vector.js';
import type { Bus } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import type { Peers } from './peers.js';
import type { FleetTuning } from './tuning.js';

// How often a stopping server checks whether it may leave.
const LOOK_MS = 20;

/**
 * Waits until a serving peer announces, from now on, that it has everything here that no living origin could still
 * provide; or until `handOverMs` have passed, or there is no peer. Considered are the writes of this server, and those
 * of the most recently advanced origins, as many as a presence lists.
 * @param vector returns the vector of the store, which may be replaced meanwhile
 * @returns whether a peer has announced it
 */
export function handOver(
  vector: () => VersionVector,
  {
    origin: own,
    tuning,
    peers,
    bus,
    time,
    logger,
  }: {
    readonly origin: Origin;
    readonly tuning: Pick<FleetTuning, 'handOverMs' | 'presenceEntries'>;
    readonly peers: Peers;
    readonly bus: Bus;
    readonly time: Time;
    readonly logger: Logger;
  },
): Promise<boolean> {
  const begunMs = time.monotonicMs();
  // What was listed once stays listed, however many other origins advance after it.
  const here = new Map<Origin, number>();
  return new Promise((resolve) => {
    const look = (): void => {
      // What arrives meanwhile counts too, unless its origin is alive and can itself provide it to peers.
      for (const [origin, seq] of vector().recent(tuning.presenceEntries)) here.set(origin, seq);
      here.set(own, vector().seqOf(own));
      const owed = [...here].filter(([origin]) => !peers.serves(origin, begunMs));
      const held = peers.someoneHas(owed, begunMs);
      const alone = !bus.connected || peers.serving().length === 0;
      if (!held && !alone && time.monotonicMs() < begunMs + tuning.handOverMs) {
        time.after(LOOK_MS, look);
        return;
      }
      if (!held) logger.warn({ sozinho: alone }, 'saindo sem que outro servidor tenha tudo o que há aqui');
      resolve(held);
    };
    look();
  });
}
