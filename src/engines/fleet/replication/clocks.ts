import type { Origin } from '../../../core/dot.js';
import type { Bus, ClockReply, ClockRequest } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';
import type { Peer, Peers } from './peers.js';
import type { FleetTuning } from './tuning.js';

interface ClocksOptions {
  readonly self: Origin;
  readonly peers: Peers;
  readonly bus: Bus;
  readonly time: Time;
  readonly logger: Logger;
  readonly tuning: FleetTuning;
  /** Called when this server's clock is found too far ahead, and when it no longer is. */
  readonly onAhead: (ahead: boolean) => void;
}

interface Question {
  readonly id: number;
  readonly atMs: number;
}

/**
 * Measures by how much this server's clock is ahead of its peers'. See docs/decisions/0016-time.md.
 *
 * A delayed presence makes its sender's clock look behind, never ahead. So a presence can show that our clock is not
 * ahead, but not that it is. If no presence shows that, each peer is asked for its clock, and only its answer to that
 * question counts: when it was asked, its clock showed no more than the answer says. A delay on the way makes our lead
 * look smaller.
 *
 * Offsets are kept against the monotonic clock, and the lead is computed on demand, since our wall clock may be set
 * meanwhile.
 */
export class Clocks {
  private readonly asked = new Map<Origin, Question>();
  private questions = 0;
  /** Whether there may be a lead. Saves computing it for every write while the clocks of a fleet are right. */
  private suspicious = false;
  private told = false;
  private cancelLook: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly options: ClocksOptions) {}

  /** By how many ms at least this server's wall clock is now ahead of every peer's; 0 if that is within the limit. */
  get leadMs(): number {
    if (!this.suspicious) return 0;
    const { peers, time, tuning } = this.options;
    const nowMs = time.monotonicMs();
    let least = Infinity;
    for (const peer of peers.all())
      least = Math.min(least, this.leadOver(peer, time.wallMs() - nowMs, nowMs));
    const leadMs = least === Infinity ? 0 : Math.max(0, least);
    if (leadMs > tuning.clockDriftMs) return leadMs;
    this.suspicious = false;
    return 0;
  }

  /** To be called for each presence of a peer that is not stale. */
  noted(peer: Peer): void {
    const { time, tuning } = this.options;
    const nowMs = time.monotonicMs();
    if (time.wallMs() - nowMs - peer.clockOffsetMs > tuning.clockDriftMs) {
      this.suspicious = true;
      if (peer.presence.number !== undefined) this.ask(peer.presence.origin, nowMs);
    }
    this.tell();
  }

  /** Answers another server that asks for our clock. */
  onRequest({ from, id }: ClockRequest): void {
    const { self, bus, time } = this.options;
    bus.publish({ type: 'clockReply', from: self, to: from, id, wallMs: time.wallMs() });
  }

  onReply({ from, id, wallMs }: ClockReply): 'noted' | 'ignored' {
    const question = this.asked.get(from);
    if (question?.id !== id) return 'ignored';
    this.asked.delete(from);
    const { peers, time, tuning } = this.options;
    const nowMs = time.monotonicMs();
    const peer = peers.get(from);
    if (!peer || nowMs - question.atMs > tuning.requestTimeoutMs) return 'ignored';
    // An upper bound: the middle of the round trip, plus half of it as the error.
    peer.clock = { offsetMs: wallMs - question.atMs, atMs: nowMs };
    this.suspicious = true;
    this.tell();
    return 'noted';
  }

  stop(): void {
    this.stopped = true;
    this.cancelLook?.();
  }

  /** @param hereMs our wall clock minus the monotonic one. @returns Infinity if this peer's clock tells nothing */
  private leadOver({ presence, clock, clockOffsetMs }: Peer, hereMs: number, nowMs: number): number {
    const { bus, tuning } = this.options;
    const announcedMs = hereMs - clockOffsetMs;
    if (announcedMs <= tuning.clockDriftMs) return announcedMs;
    // An older version cannot be asked. Without seals anybody could answer in its name anyway, so its presence counts.
    if (presence.number === undefined) return bus.isSealed === true ? Infinity : announcedMs;
    if (!clock || nowMs - clock.atMs > tuning.peerSilentMs) return 0;
    return Math.min(announcedMs, hereMs - clock.offsetMs);
  }

  private ask(to: Origin, nowMs: number): void {
    const { self, bus, tuning } = this.options;
    const isOver = ({ atMs }: Question): boolean => nowMs - atMs > tuning.requestTimeoutMs;
    for (const [origin, question] of this.asked) if (isOver(question)) this.asked.delete(origin);
    if (this.asked.has(to) || this.asked.size >= replicationLimits.clockQuestions) return;
    const id = ++this.questions;
    this.asked.set(to, { id, atMs: nowMs });
    bus.publish({ type: 'clockRequest', from: self, to, id });
  }

  private tell(): void {
    if (this.stopped) return;
    const { time, logger, tuning, onAhead } = this.options;
    const { leadMs } = this;
    const isAhead = leadMs > tuning.clockDriftMs;
    if (isAhead && !this.cancelLook) {
      this.cancelLook = time.after(replicationLimits.clockLookMs, () => {
        this.cancelLook = undefined;
        this.tell();
      });
    }
    if (isAhead === this.told) return;
    this.told = isAhead;
    if (isAhead) {
      const fields = { adiantadoS: Math.round(leadMs / 1000), limiteS: tuning.clockDriftMs / 1000 };
      logger.warn(
        fields,
        'o relógio deste servidor está adiantado da frota: recusa escritas até ser acertado',
      );
    } else logger.info({}, 'o relógio deste servidor não está mais adiantado da frota: aceita escritas');
    onAhead(isAhead);
  }
}
