import type { Origin } from '../../../core/dot.js';
import type { VersionVector } from '../../../core/vector.js';
import type { Bus } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import type { Peers } from './peers.js';
import type { FleetTuning } from './tuning.js';

// How often a server that stops looks whether it may go.
const LOOK_MS = 20;

/**
 * Waits until a serving peer that speaks from now on has announced that it has all that is here and has no living origin
 * to come from; or `handOverMs` have passed, or there is no peer. What is looked at: what was written here, and as many of
 * the origins that have advanced last as a presence tells.
 * @param vector of the store, which may get another one
 * @returns whether one has
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
  // What was owed once stays so, however much of others comes in after it.
  const here = new Map<Origin, number>();
  return new Promise((resolve) => {
    const look = (): void => {
      // What comes in meanwhile counts too, unless its origin lives: then it is there itself for whoever misses it.
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
