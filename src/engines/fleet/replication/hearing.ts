import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import type { PresenceMessage } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';
import type { FleetTuning } from './tuning.js';

/** What presences say while somebody looks at the fleet. */
type HearingFields = Pick<PresenceMessage, 'looks' | 'hears'>;

/**
 * Who hears whom, told only while somebody looks. A server at which somebody looks says so in its presences, with how many
 * times that may be passed on; whoever has heard it within the time after which a server counts as silent says whom it
 * hears, and passes it on. So also a server that does not hear the first one answers, if it hears anybody who does, and all
 * fall silent by themselves.
 */
export class Hearing {
  /** Until when somebody looks at this server, monotonic ms. */
  private looksUntilMs = -Infinity;
  private lookedSinceMs = -Infinity;
  /** Until when a look at others that may be passed on so often counts, monotonic ms: by that number. */
  private readonly asked = new Map<number, number>();
  /** Servers that have once said whom they hear. */
  private readonly answered: BoundedMap<Origin, true>;
  /** Called when the next presence has news for whoever looks. */
  onNews: () => void = () => undefined;

  constructor(
    private readonly time: Time,
    private readonly tuning: Pick<FleetTuning, 'peers' | 'peerSilentMs'>,
    /** Those heard recently. */
    private readonly heard: () => readonly PresenceMessage[],
  ) {
    this.answered = new BoundedMap(tuning.peers);
  }

  /** To be called again and again while somebody looks at this server. @param forMs until when this call counts */
  look(forMs: number): void {
    const nowMs = this.time.monotonicMs();
    const isNew = nowMs >= this.looksUntilMs;
    this.looksUntilMs = nowMs + forMs;
    if (!isNew) return;
    this.lookedSinceMs = nowMs;
    this.onNews();
  }

  /** Takes a presence that is not stale. */
  note({ origin, looks, hears }: PresenceMessage): void {
    if (hears !== undefined) this.answered.put(origin, true);
    if (looks === undefined) return;
    const wasAsked = this.passes() !== undefined;
    this.asked.set(looks, this.time.monotonicMs() + this.tuning.peerSilentMs);
    if (!wasAsked) this.onNews();
  }

  /** What the next presence says of it; nothing while nobody looks. */
  fields(): HearingFields {
    const passes = this.passes();
    const most = replicationLimits.looksPassed;
    const looks = this.isLookedAt ? most : Math.min((passes ?? 1) - 1, most - 1);
    const hears = passes === undefined ? undefined : this.origins();
    return { ...(looks > 0 && { looks }), ...(hears && { hears }) };
  }

  /**
   * Whom another server hears; `undefined` if it does not say. One that has said it once, and does no more though somebody
   * has looked for long enough, hears nobody who could have told it.
   */
  heardBy({ origin, hears }: PresenceMessage): readonly Origin[] | undefined {
    if (hears !== undefined || !this.isLookedAt || !this.answered.has(origin)) return hears;
    const lookedMs = this.time.monotonicMs() - this.lookedSinceMs;
    return lookedMs > this.tuning.peerSilentMs ? [] : undefined;
  }

  private get isLookedAt(): boolean {
    return this.time.monotonicMs() < this.looksUntilMs;
  }

  /** The greatest number of times that a look at another server may be passed on; `undefined`: nobody looks. */
  private passes(): number | undefined {
    const nowMs = this.time.monotonicMs();
    let most: number | undefined;
    for (const [looks, untilMs] of this.asked) if (nowMs < untilMs) most = Math.max(most ?? 0, looks);
    return most;
  }

  private origins(): Origin[] {
    return this.heard()
      .map(({ origin }) => origin)
      .slice(-limits.presenceEntries);
  }
}
