import type { EtcdEvent } from './etcd-messages.js';
import { replicaWatchLimits } from './limits.js';
import type { ReplicaPlace } from './watch-token.js';

/** A change of the replicas, or (without one) the news that there was none. */
interface Received {
  readonly event?: EtcdEvent;
  readonly bytes: number;
  /** Where a watch is after it. */
  readonly place: ReplicaPlace;
}

/** What a watch has received from the replicas and has not told yet, and its place in their changes. */
export class ReceivedChanges {
  private items: Received[] = [];
  private place: ReplicaPlace = { revision: 0, told: 0 };
  /** So many changes of the first revision come anew after a stream was lost. */
  private anew = 0;
  private waiting = 0;

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  /** Estimated memory of what waits. */
  get bytes(): number {
    return this.waiting;
  }

  /** Where the watch is after everything received. */
  get end(): ReplicaPlace {
    return this.place;
  }

  startAt(place: ReplicaPlace): void {
    this.place = place;
  }

  /** Changes come anew from the first revision that was not received whole, which this returns. */
  goOn(): number {
    this.anew = this.place.told;
    return this.place.revision;
  }

  /** @param isWhole no more of the revisions of these changes follows */
  take(events: readonly EtcdEvent[], isWhole: boolean): void {
    for (const [index, event] of events.entries()) {
      const revision = event.kv?.mod_revision ?? 0;
      if (revision < this.place.revision) continue;
      if (revision > this.place.revision) this.moveTo({ revision, told: 0 });
      const next = events[index + 1];
      const isLast = next === undefined ? isWhole : next.kv?.mod_revision !== revision;
      const isAnew = this.anew > 0;
      const told = isAnew ? this.place.told : this.place.told + 1;
      if (isAnew) this.anew--;
      this.moveTo(isLast ? { revision: revision + 1, told: 0 } : { revision, told }, this.anew);
      if (!isAnew) this.push({ event, bytes: bytesOf(event), place: this.place });
    }
  }

  /** Nothing up to a revision was left out. */
  heard(revision: number): void {
    if (revision < this.place.revision) return;
    this.moveTo({ revision: revision + 1, told: 0 });
    const last = this.items.at(-1);
    if (last !== undefined && last.event === undefined) this.items.pop();
    this.push({ bytes: 0, place: this.place });
  }

  /** Takes the oldest, at most so many with so many bytes, but one at least. */
  shift(most: number, mostBytes: number): readonly Received[] {
    let count = 0;
    let bytes = 0;
    for (const item of this.items) {
      if (count > 0 && (count === most || bytes + item.bytes > mostBytes)) break;
      count++;
      bytes += item.bytes;
    }
    this.waiting -= bytes;
    return this.items.splice(0, count);
  }

  clear(): void {
    this.items = [];
    this.waiting = 0;
  }

  private moveTo(place: ReplicaPlace, anew = 0): void {
    if (place.revision !== this.place.revision) this.anew = 0;
    else this.anew = anew;
    this.place = place;
  }

  private push(received: Received): void {
    this.items.push(received);
    this.waiting += received.bytes;
  }
}

function bytesOf({ kv, prev_kv: before }: EtcdEvent): number {
  const sizes = [kv, before].map((pair) => (pair ? pair.key.length + pair.value.length : 0));
  return sizes.reduce((sum, size) => sum + size, replicaWatchLimits.changeBytes);
}
