import { aroundMs } from '../../../core/backoff.js';
import type { Origin } from '../../../core/dot.js';
import type { DigestKeys } from '../../../core/vector-digests.js';
import type { Store } from '../../../core/store.js';
import type { Bus, KeyedDigest, PresenceMessage, PresenceState } from '../../../ports/bus.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { Hearing } from './hearing.js';
import { replicationLimits } from './limits.js';
import type { FleetTuning } from './tuning.js';

interface AnnouncerDeps {
  readonly origin: Origin;
  readonly address: string;
  readonly name?: string | undefined;
  readonly program?: string | undefined;
  readonly store: Store;
  readonly bus: Bus;
  readonly time: Time;
  readonly random: Random;
  readonly tuning: FleetTuning;
  readonly portal: boolean;
  /** Whether the door of MQTT can be used here now. */
  readonly mqtt: () => boolean;
  /** The last seq that this server's clients wait for peers to hold, if any wait. */
  readonly awaited: () => number | undefined;
  readonly digestKeys: DigestKeys;
  readonly hearing: Hearing;
}

/** Announces this server: regularly with jitter, and soon when there is a reason. */
export class Announcer {
  state: PresenceState = 'joining';
  private cancelNext: (() => void) | undefined;
  private nextAtMs = Infinity;
  private number = 0;

  constructor(private readonly deps: AnnouncerDeps) {}

  /** Announces now, and regularly from now on. */
  announce(settled?: () => void): void {
    this.deps.bus.publish(this.presence(), settled);
    this.schedule(aroundMs(this.deps.tuning.presenceIntervalMs, this.deps.random.next()));
  }

  /** Announces within the greeting jitter; several calls within it cause one announcement. */
  announceSoon(): void {
    const delay = this.deps.tuning.greetingJitterMs * this.deps.random.next();
    if (this.deps.time.monotonicMs() + delay < this.nextAtMs) this.schedule(delay);
  }

  /** Announces the last state, then no more. */
  stop(): void {
    this.deps.bus.publish(this.presence());
    this.cancelNext?.();
    this.nextAtMs = -Infinity;
  }

  private schedule(delayMs: number): void {
    this.cancelNext?.();
    this.nextAtMs = this.deps.time.monotonicMs() + delayMs;
    this.cancelNext = this.deps.time.after(delayMs, () => this.announce());
  }

  private presence(): PresenceMessage {
    const { vector } = this.deps.store;
    const { name, program } = this.deps;
    const awaits = this.deps.awaited();
    return {
      type: 'presence',
      origin: this.deps.origin,
      address: this.deps.address,
      state: this.state,
      wallMs: this.deps.time.wallMs(),
      vectorDigest: vector.digest(),
      storeHash: this.deps.store.hash(),
      recent: vector.recent(this.deps.tuning.presenceEntries),
      ...(this.deps.portal ? { portal: true } : {}),
      ...(this.deps.mqtt() ? { mqtt: true } : {}),
      ...(awaits === undefined ? {} : { awaits }),
      number: ++this.number,
      ...this.keyedDigest(),
      level: replicationLimits.level,
      ...(name === undefined ? {} : { name }),
      ...(program === undefined ? {} : { program }),
      ...this.deps.hearing.fields(),
    };
  }

  /** Left out until it is known: digests of many origins under the key of another hour take a while. */
  private keyedDigest(): { readonly keyedDigest?: KeyedDigest } {
    const { vector } = this.deps.store;
    const key = this.deps.digestKeys.of(this.deps.time.wallMs());
    const isKnown = vector.prepare(key, replicationLimits.originsDigested);
    vector.prepare(this.deps.digestKeys.at(key.epoch + 1), replicationLimits.originsDigested);
    if (!isKnown) return {};
    return { keyedDigest: { epoch: key.epoch, digest: vector.bucketDigests(key).whole() } };
  }
}
