import type { Origin, VectorEntries } from '../core/dot.js';
import type { Bus } from '../ports/bus.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import type { Peers } from './peers.js';

// How often a server that stops looks whether it may go.
const LOOK_MS = 20;

/**
 * Waits until a serving peer announces, from now on, that it has all that is here and has no living origin to come from;
 * or `waitMs` have passed, or there is no peer.
 * @param entries what was written here, and what has advanced last: as much as presences tell
 * @returns whether one has
 */
export function handOver(
  entries: () => VectorEntries,
  {
    peers,
    bus,
    time,
    logger,
    waitMs,
  }: {
    readonly peers: Peers;
    readonly bus: Bus;
    readonly time: Time;
    readonly logger: Logger;
    readonly waitMs: number;
  },
): Promise<boolean> {
  const begunMs = time.monotonicMs();
  // What was owed once stays so, however much of others comes in after it.
  const here = new Map<Origin, number>();
  return new Promise((resolve) => {
    const look = (): void => {
      // What comes in meanwhile counts too, unless its origin lives: then it is there itself for whoever misses it.
      for (const [origin, seq] of entries()) here.set(origin, seq);
      const owed = [...here].filter(([origin]) => !peers.serves(origin, begunMs));
      const held = peers.someoneHas(owed, begunMs);
      const alone = !bus.connected || peers.serving().length === 0;
      if (!held && !alone && time.monotonicMs() < begunMs + waitMs) {
        time.after(LOOK_MS, look);
        return;
      }
      if (!held) logger.warn({ sozinho: alone }, 'saindo sem que outro servidor tenha tudo o que há aqui');
      resolve(held);
    };
    look();
  });
}
