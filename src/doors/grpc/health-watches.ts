import { grpcLimits } from './limits.js';

/** A watch that can be ended, with its holder. */
interface Watch {
  /** Address and port as gRPC reports them: one connection. */
  getPeer(): string;
}

/**
 * Open health watches. A connection at its own limit is refused a further one. At the overall limit, the oldest watch
 * of the greediest holder gives way: the address with the most watches, then its connection with the most. So no client
 * can keep others out, and only a crowd can evict a client that holds a few.
 */
export class HealthWatches<T extends Watch> {
  /** By address, then by connection. */
  private readonly held = new Map<string, Map<string, Set<T>>>();
  /** Kept here because an ended call no longer knows its peer. */
  private readonly holders = new Map<T, Holder>();

  /** @param onGivesWay gets the evicted watch and ends it */
  constructor(private readonly onGivesWay: (watch: T) => void) {}

  /** @returns false if the connection is at its limit */
  add(watch: T): boolean {
    const holder = holderOf(watch);
    const { address, peer } = holder;
    const ofAddress = this.held.get(address) ?? new Map<string, Set<T>>();
    const ofPeer = ofAddress.get(peer) ?? new Set<T>();
    if (ofPeer.size >= grpcLimits.watchesPerConnection) return false;
    this.held.set(address, ofAddress.set(peer, ofPeer.add(watch)));
    this.holders.set(watch, holder);
    if (this.holders.size > grpcLimits.healthWatches) this.giveWay(watch);
    return true;
  }

  delete(watch: T): void {
    const holder = this.holders.get(watch);
    if (holder === undefined) return;
    this.holders.delete(watch);
    const ofAddress = this.held.get(holder.address);
    const ofPeer = ofAddress?.get(holder.peer);
    ofPeer?.delete(watch);
    if (ofPeer?.size === 0) ofAddress?.delete(holder.peer);
    if (ofAddress?.size === 0) this.held.delete(holder.address);
  }

  private giveWay(newest: T): void {
    const ofAddress = greediest(this.held.values(), countOf);
    const ofPeer = ofAddress && greediest(ofAddress.values(), ({ size }) => size);
    const [oldest = newest] = ofPeer ?? [];
    this.delete(oldest);
    this.onGivesWay(oldest);
  }
}

function countOf<T>(ofAddress: ReadonlyMap<string, ReadonlySet<T>>): number {
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

interface Holder {
  readonly address: string;
  readonly peer: string;
}

function holderOf(watch: Watch): Holder {
  const peer = watch.getPeer();
  return { address: peer.replace(/:\d+$/, ''), peer };
}
