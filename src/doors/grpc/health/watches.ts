import { grpcLimits } from '../limits.js';
import type { ServerCall } from '../protocol/server-call.js';

/** A watch, by the connection that it came on. */
type Watch = Pick<ServerCall, 'connection'>;
type Holder = Watch['connection'];

/**
 * Open health watches. A connection at its own limit is refused a further one. At the overall limit, the oldest watch
 * of the greediest holder gives way: the address with the most watches, then its connection with the most. So no client
 * can keep others out, and only a crowd can evict a client that holds a few.
 */
export class HealthWatches<T extends Watch> {
  /** By address, then by connection. */
  private readonly held = new Map<string, Map<Holder, Set<T>>>();
  private size = 0;

  /** @param onGivesWay gets the evicted watch and ends it */
  constructor(private readonly onGivesWay: (watch: T) => void) {}

  /** @returns false if the connection is at its limit */
  add(watch: T): boolean {
    const { connection } = watch;
    const ofAddress = this.held.get(addressOf(watch)) ?? new Map<Holder, Set<T>>();
    const ofConnection = ofAddress.get(connection) ?? new Set<T>();
    if (ofConnection.size >= grpcLimits.watchesPerConnection) return false;
    this.held.set(addressOf(watch), ofAddress.set(connection, ofConnection.add(watch)));
    if (++this.size > grpcLimits.healthWatches) this.giveWay(watch);
    return true;
  }

  delete(watch: T): void {
    const ofAddress = this.held.get(addressOf(watch));
    const ofConnection = ofAddress?.get(watch.connection);
    if (ofConnection?.delete(watch) !== true) return;
    this.size--;
    if (ofConnection.size === 0) ofAddress?.delete(watch.connection);
    if (ofAddress?.size === 0) this.held.delete(addressOf(watch));
  }

  private giveWay(newest: T): void {
    const ofAddress = greediest(this.held.values(), countOf);
    const ofConnection = ofAddress && greediest(ofAddress.values(), ({ size }) => size);
    const [oldest = newest] = ofConnection ?? [];
    this.delete(oldest);
    this.onGivesWay(oldest);
  }
}

const addressOf = ({ connection }: Watch): string => connection.from ?? '';

function countOf<T>(ofAddress: ReadonlyMap<Holder, ReadonlySet<T>>): number {
  let count = 0;
  for (const { size } of ofAddress.values()) count += size;
  return count;
}

/** The largest group; the first of several. */
function greediest<G>(groups: Iterable<G>, sizeOf: (group: G) => number): G | undefined {
  let [found, most]: [G | undefined, number] = [undefined, 0];
  for (const group of groups) {
    const size = sizeOf(group);
    if (size > most) [found, most] = [group, size];
  }
  return found;
}
