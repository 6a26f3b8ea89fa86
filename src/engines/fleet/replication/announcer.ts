import { aroundMs } from '../../../core/backoff.js';
import type { Origin } from '../../../core/dot.js';
import type { Store } from '../../../core/store.js';
import type { Bus, PresenceMessage, PresenceState } from '../../../ports/bus.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';
import type { FleetTuning } from './tuning.js';

/** Announces this server: regularly with jitter, and soon when there is a reason. */
export class Announcer {
  state: PresenceState = 'joining';
  private cancelNext: (() => void) | undefined;
  private nextAtMs = Infinity;
  private number = 0;

  constructor(
    private readonly origin: Origin,
    private readonly address: string,
    private readonly store: Store,
    private readonly bus: Bus,
    private readonly time: Time,
    private readonly random: Random,
    private readonly tuning: FleetTuning,
    private readonly portal: boolean,
    /** The last seq that this server's clients wait for peers to hold, if any wait. */
    private readonly awaited: () => number | undefined,
  ) {}

  /** Announces now, and regularly from now on. */
  announce(settled?: () => void): void {
    this.bus.publish(this.presence(), settled);
    this.schedule(aroundMs(this.tuning.presenceIntervalMs, this.random.next()));
  }

  /** Announces within the greeting jitter; several calls within it cause one announcement. */
  announceSoon(): void {
    const delay = this.tuning.greetingJitterMs * this.random.next();
    if (this.time.monotonicMs() + delay < this.nextAtMs) this.schedule(delay);
  }

  /** Announces the last state, then no more. */
  stop(): void {
    this.bus.publish(this.presence());
    this.cancelNext?.();
    this.nextAtMs = -Infinity;
  }

  private schedule(delayMs: number): void {
    this.cancelNext?.();
    this.nextAtMs = this.time.monotonicMs() + delayMs;
    this.cancelNext = this.time.after(delayMs, () => this.announce());
  }

  private presence(): PresenceMessage {
    const { vector } = this.store;
    const awaits = this.awaited();
    return {
      type: 'presence',
      origin: this.origin,
      address: this.address,
      state: this.state,
      wallMs: this.time.wallMs(),
      vectorDigest: vector.digest(),
      storeHash: this.store.hash(),
      recent: vector.recent(this.tuning.presenceEntries),
      ...(this.portal ? { portal: true } : {}),
      ...(awaits === undefined ? {} : { awaits }),
      number: ++this.number,
      level: replicationLimits.level,
    };
  }
}
