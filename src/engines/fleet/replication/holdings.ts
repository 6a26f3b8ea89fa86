import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin, VectorEntries } from '../../../core/dot.js';
import type { VersionVector } from '../../../core/vector.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import { Departures } from './departures.js';
import type { Departure } from './departures.js';
import { replicationLimits } from './limits.js';
import type { FleetTuning } from './tuning.js';

/** Another server, and what it is known to hold. */
interface Holder {
  presence: PresenceMessage;
  seenAtMs: number;
  /** The entries of its last presence. */
  announced: ReadonlyMap<Origin, number>;
  /** Whether {@link announced} is its whole vector. */
  isWhole: boolean;
  /** What it held when its vector was last found equal to ours. */
  agreed: VersionVector | undefined;
  /** What it has announced since then. */
  readonly since: BoundedMap<Origin, number>;
}

/** How another server is, as this one knows. */
export interface HolderStatus {
  readonly presence: PresenceMessage;
  /** When it was last heard, monotonic ms. */
  readonly seenAtMs: number;
  /** Whether it has been silent for so long that it may have gone: only while there is no broker. */
  readonly isSilent: boolean;
  /** How many mutations it lacks of those that this server holds, as far as it announces. */
  readonly lag: number;
}

/**
 * What the other servers hold, as they announce it. What one has held once it holds for good, so everything that is known
 * here is a lower bound. A short vector travels whole in every presence; of a long one only what advanced last, and its
 * digest, which tells when it is equal to ours.
 *
 * Servers that were there when the broker was lost stay until it is back and they are silent: nobody has seen them leave.
 */
export class Holdings {
  private readonly holders: BoundedMap<Origin, Holder>;
  private readonly departures = new Departures();
  /** Copies of our vector at moments of agreement, the newest at the end. */
  private copies: VersionVector[] = [];
  private copiedAtMs = -Infinity;
  /** For each origin that was asked for, the seq up to which every serving server holds it. Valid until the time below. */
  private readonly everywhere = new Map<Origin, number>();
  private everywhereUntilMs = -Infinity;
  /** Since when there is a broker, monotonic ms; Infinity: there is none. */
  private inSightSinceMs = Infinity;

  /** @param mine what this server holds */
  constructor(
    private readonly mine: () => VersionVector,
    private readonly time: Time,
    private readonly tuning: FleetTuning,
  ) {
    this.holders = new BoundedMap(tuning.peers);
  }

  /** To be called when the broker came or went. */
  inSight(isInSight: boolean): void {
    this.inSightSinceMs = isInSight ? this.time.monotonicMs() : Infinity;
  }

  /**
   * Takes a presence that is not stale.
   * @param differs whether the sender's vector differs from ours although their digests are equal
   */
  note(presence: PresenceMessage, differs: (mine: VersionVector) => boolean): void {
    const { origin, recent } = presence;
    this.everywhere.clear();
    if (presence.state === 'leaving') {
      const left = this.holders.get(origin);
      if (left !== undefined) this.depart(left, this.time.monotonicMs());
      this.holders.delete(origin);
      return;
    }
    this.departures.isBack(presence.address);
    const holder = this.holders.get(origin) ?? this.newHolder(presence);
    this.holders.put(origin, holder);
    holder.presence = presence;
    holder.seenAtMs = this.time.monotonicMs();
    holder.announced = new Map(recent);
    holder.isWhole = recent.length < this.tuning.presenceEntries;
    // A presence may be older than what its sender has confirmed since.
    for (const [other, seq] of recent) holder.since.put(other, Math.max(seq, holder.since.get(other) ?? 0));
    const mine = this.mine();
    if (!holder.isWhole && presence.vectorDigest === mine.digest() && !differs(mine)) this.agree(holder);
  }

  /** To be called when a server says that it holds everything of an origin up to `seq`. */
  noteHeld(server: Origin, origin: Origin, seq: number): void {
    const holder = this.holders.get(server);
    if (holder === undefined || (heldBy(holder, origin) ?? 0) >= seq) return;
    holder.since.put(origin, seq);
    this.everywhere.delete(origin);
  }

  /** Whether every serving server that is known holds a dot; true if there is none. Cheap, however often it is asked. */
  allHold(origin: Origin, seq: number): boolean {
    const nowMs = this.time.monotonicMs();
    if (nowMs >= this.everywhereUntilMs) {
      this.forgetGone();
      this.everywhere.clear();
      this.everywhereUntilMs = nowMs + this.tuning.presenceIntervalMs;
    }
    let held = this.everywhere.get(origin);
    if (held === undefined) {
      held = this.heldEverywhere(origin);
      if (this.everywhere.size >= replicationLimits.originsRemembered) this.everywhere.clear();
      this.everywhere.set(origin, held);
    }
    return seq <= held;
  }

  /** The other servers, in the order in which they were last heard. */
  all(): HolderStatus[] {
    this.forgetGone();
    const since = this.time.monotonicMs() - this.tuning.peerSilentMs;
    return Array.from(this.holders.values(), (holder) => ({
      presence: holder.presence,
      seenAtMs: holder.seenAtMs,
      isSilent: holder.seenAtMs < since,
      lag: this.lagOf(holder),
    }));
  }

  /** Servers that left lately, or fell silent, and have not come back; the latest first. */
  departed(): Departure[] {
    this.forgetGone();
    return this.departures.all(this.time.monotonicMs());
  }

  /** A server that was started again at once is heard at its address before its last start is forgotten. */
  private depart({ presence }: Holder, atMs: number): void {
    for (const other of this.holders.values()) {
      const isOther = other.presence.origin !== presence.origin;
      if (isOther && other.presence.address === presence.address) return;
    }
    this.departures.note(presence, atMs);
  }

  private newHolder(presence: PresenceMessage): Holder {
    return {
      ...{ presence, seenAtMs: 0, announced: new Map(), isWhole: false, agreed: undefined },
      since: new BoundedMap(replicationLimits.originsRemembered),
    };
  }

  private heldEverywhere(origin: Origin): number {
    let least = Infinity;
    for (const holder of this.holders.values()) {
      if (holder.presence.state === 'serving') least = Math.min(least, heldBy(holder, origin) ?? 0);
    }
    return least;
  }

  /** Of the entries that advanced last here: what is older is mostly held by all, and there may be a million of them. */
  private lagOf(holder: Holder): number {
    const mine = this.mine();
    if (holder.presence.vectorDigest === mine.digest()) return 0;
    const recent: VectorEntries = mine.recent(replicationLimits.originsRemembered);
    return recent.reduce((lag, [origin, seq]) => lag + Math.max(0, seq - (heldBy(holder, origin) ?? seq)), 0);
  }

  private agree(holder: Holder): void {
    const copy = this.copyOfMine();
    if (copy === undefined) return;
    holder.agreed = copy;
    holder.since.clear();
  }

  /** A copy of our vector as it is, shared by all that agree with it; `undefined` while copies would come too often. */
  private copyOfMine(): VersionVector | undefined {
    const mine = this.mine();
    const last = this.copies.at(-1);
    if (last?.digest() === mine.digest()) return last;
    const nowMs = this.time.monotonicMs();
    if (nowMs - this.copiedAtMs < replicationLimits.vectorCopyMs) return undefined;
    this.copiedAtMs = nowMs;
    const copy = mine.copy();
    this.copies.push(copy);
    if (this.copies.length > replicationLimits.vectorCopies) this.forgetCopy(this.copies.shift());
    return copy;
  }

  private forgetCopy(copy: VersionVector | undefined): void {
    for (const holder of this.holders.values()) if (holder.agreed === copy) holder.agreed = undefined;
  }

  private forgetGone(): void {
    const nowMs = this.time.monotonicMs();
    for (const [origin, holder] of this.holders) {
      const { seenAtMs } = holder;
      if (nowMs - Math.max(seenAtMs, this.inSightSinceMs) > this.tuning.peerSilentMs) {
        this.depart(holder, seenAtMs);
        this.holders.delete(origin);
        this.everywhere.clear();
      }
    }
  }
}

/** The seq up to which a server is known to hold an origin; `undefined` if nothing is known of it. */
function heldBy(holder: Holder, origin: Origin): number | undefined {
  const { announced, isWhole, agreed, since } = holder;
  const said = Math.max(announced.get(origin) ?? 0, since.get(origin) ?? 0);
  if (isWhole) return said;
  const before = agreed?.seqOf(origin) ?? 0;
  const held = Math.max(said, before);
  return held === 0 && agreed === undefined ? undefined : held;
}
