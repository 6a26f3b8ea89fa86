import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin, VectorEntries } from '../../../core/dot.js';
import type { DigestKeys } from '../../../core/vector-digests.js';
import type { VersionVector } from '../../../core/vector.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import { Hearing } from './hearing.js';
import type { Holdings } from './holdings.js';
import { replicationLimits } from './limits.js';
import { PresenceOrder } from './presence-order.js';
import { ServerNames } from './server-names.js';
import type { FleetTuning } from './tuning.js';

/** Another server of the fleet as it last announced itself. */
export interface Peer {
  readonly presence: PresenceMessage;
  readonly seenAtMs: number;
  /** Lower bound, in ms, on its wall clock's offset from our monotonic clock: the presence may have been delayed. */
  readonly clockOffsetMs: number;
  /** The highest seq of ours that it has ever said to have. It still has it. */
  readonly ownSeq: number;
  /** The time (monotonic ms) before which it is not asked for anything. */
  restUntilMs: number;
  /** Consecutive requests to which it had more for us but could not send it. */
  fruitless: number;
  /** Upper bound on the same offset, by its answer to a question of ours; the answer came at `atMs` (monotonic). */
  clock: { readonly offsetMs: number; readonly atMs: number } | undefined;
}

/** What a presence was: of a new peer, of a known one, a leave, or older than what was already known. */
type Noted = 'new' | 'known' | 'gone' | 'stale';

/** Whether a peer has something that we lack; `unknown` if its presence lists too few entries to tell. */
type Comparison = 'ahead' | 'notAhead' | 'unknown';

/** The other servers, as they announce themselves. Bounded; the one silent for longest is forgotten first. */
export class Peers {
  private readonly peers: BoundedMap<Origin, Peer>;
  private readonly order: PresenceOrder;
  /** The readable names of the other servers. */
  readonly names = new ServerNames(replicationLimits.serverNames);
  /** Whom they hear. */
  readonly hearing: Hearing;
  /** The highest seq of ours that any peer has ever said to have. */
  private heldSeq = 0;
  /** Whether the broker is lost, and some peer served when it was lost. */
  private outOfSight = false;
  /** The lowest level of the peers that were lost with the broker, which may be back; it counts until `untilMs`. */
  private lost = { level: Infinity, untilMs: -Infinity };

  constructor(
    private readonly own: Origin,
    private readonly time: Time,
    private readonly tuning: FleetTuning,
    private readonly digestKeys?: DigestKeys,
    /** Is told of every presence that counts. */
    private readonly holdings?: Holdings,
  ) {
    this.peers = new BoundedMap(tuning.peers);
    this.order = new PresenceOrder(time);
    this.hearing = new Hearing(time, tuning, () => this.all().map(({ presence }) => presence));
  }

  /** To be called when the broker came or went. Peers that served when it went are assumed to serve still. */
  inSight(isInSight: boolean): void {
    this.holdings?.inSight(isInSight);
    const nowMs = this.time.monotonicMs();
    const level = Math.min(this.level(), nowMs < this.lost.untilMs ? this.lost.level : Infinity);
    this.lost = { level, untilMs: isInSight ? nowMs + this.tuning.peerSilentMs : Infinity };
    this.outOfSight = !isInSight && (this.outOfSight || this.serving().length > 0);
  }

  /** To be called when a peer has said to have our mutations up to this seq. */
  noteHeld(peer: Origin, seq: number): void {
    this.heldSeq = Math.max(this.heldSeq, seq);
    this.holdings?.noteHeld(peer, this.own, seq);
  }

  /** Whether other servers serve, and none, present or gone, ever said to have all our mutations up to this seq. */
  lack(seq: number): boolean {
    return (this.outOfSight || this.serving().length > 0) && this.heldSeq < seq;
  }

  get(origin: Origin): Peer | undefined {
    return this.peers.get(origin);
  }

  /** Peers heard recently. */
  all(): Peer[] {
    this.forgetSilent();
    return [...this.peers.values()];
  }

  /** Whether some with the portal, or with MQTT's door, were heard of lately, whether they serve or not. */
  have(what: 'portal' | 'mqtt'): boolean {
    return this.all().some(({ presence }) => presence[what] === true);
  }

  serving(): Peer[] {
    return this.all().filter((peer) => peer.presence.state === 'serving');
  }

  /** Whether this peer has announced since `sinceMs` (monotonic ms) that it serves. */
  serves(origin: Origin, sinceMs: number): boolean {
    const peer = this.peers.get(origin);
    return peer !== undefined && peer.presence.state === 'serving' && peer.seenAtMs >= sinceMs;
  }

  /**
   * Whether some serving peer has announced that it has all these entries.
   * @param sinceMs a peer not heard since this time (monotonic ms) does not count: it may have gone
   */
  someoneHas(entries: VectorEntries, sinceMs: number): boolean {
    return this.serving().some(({ presence, seenAtMs, ownSeq }) => {
      if (seenAtMs < sinceMs) return false;
      const announced = new Map([...presence.recent, [this.own, ownSeq]]);
      return entries.every(([origin, seq]) => (announced.get(origin) ?? 0) >= seq);
    });
  }

  /** Whether every known peer, and every one lost with the broker, understands what versions of this level write. */
  understand(level: number): boolean {
    if (this.time.monotonicMs() < this.lost.untilMs && this.lost.level < level) return false;
    return this.level() >= level;
  }

  /** Takes a presence; a stale one is ignored. */
  note(presence: PresenceMessage): Noted {
    if (!this.order.isNews(presence)) return 'stale';
    this.names.note(presence);
    this.holdings?.note(presence, (mine) => this.differsByKey(presence, mine));
    const known = this.peers.get(presence.origin);
    if (presence.state === 'leaving') {
      this.peers.delete(presence.origin);
      return 'gone';
    }
    this.hearing.note(presence);
    const saysOwn = presence.recent.find(([origin]) => origin === this.own)?.[1] ?? 0;
    this.noteHeld(presence.origin, saysOwn);
    this.peers.put(presence.origin, {
      presence,
      ownSeq: Math.max(known?.ownSeq ?? 0, saysOwn),
      seenAtMs: this.time.monotonicMs(),
      clockOffsetMs: presence.wallMs - this.time.monotonicMs(),
      restUntilMs: known?.restUntilMs ?? 0,
      fruitless: known?.fruitless ?? 0,
      clock: known?.clock,
    });
    return known === undefined ? 'new' : 'known';
  }

  /** Compares what a peer announced with what this server has. */
  compare(peer: Peer, mine: VersionVector): Comparison {
    const { recent, vectorDigest } = peer.presence;
    if (vectorDigest === mine.digest())
      return this.differsByKey(peer.presence, mine) ? 'unknown' : 'notAhead';
    if (!mine.covers(recent)) return 'ahead';
    return recent.length < this.tuning.presenceEntries ? 'notAhead' : 'unknown';
  }

  /** Whether vectors whose plain digests are equal differ all the same: whoever can write can make those collide. */
  differsByKey({ keyedDigest }: PresenceMessage, mine: VersionVector): boolean {
    const key = keyedDigest && this.digestKeys?.at(keyedDigest.epoch);
    if (key === undefined || !mine.hasDigests(key)) return false;
    return mine.bucketDigests(key).whole() !== keyedDigest?.digest;
  }

  /** The lowest level of the peers heard recently; Infinity if there are none. */
  private level(): number {
    return Math.min(...this.all().map(({ presence }) => presence.level ?? 1));
  }

  private forgetSilent(): void {
    const since = this.time.monotonicMs() - this.tuning.peerSilentMs;
    for (const [origin, peer] of this.peers) if (peer.seenAtMs < since) this.peers.delete(origin);
  }
}
