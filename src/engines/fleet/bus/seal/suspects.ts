import { BoundedMap } from '../../../../core/bounded-map.js';
import { TokenBucket } from '../../../../core/token-bucket.js';
import type { Origin } from '../../../../core/dot.js';
import type { Time } from '../../../../ports/time.js';
import { defaultSealTuning } from './tuning.js';
import type { SealTuning } from './tuning.js';

/** Checks for origins that have not answered, within the timeout of a challenge. */
const SWEEPS = 4;

/** An origin that has published but has not proved to be alive. */
interface Suspect {
  /** Messages that count as refused unless it answers. */
  waiting: number;
  /** When the challenge under way times out; 0 if none is under way. */
  failsAtMs: number;
  /** Not challenged again before this. */
  nextAtMs: number;
  backoffMs: number;
}

/** A batch that waits for its origin's answer. */
interface Held {
  readonly origin: Origin;
  readonly bytes: number;
  readonly take: () => void;
}

interface SuspectListener {
  /** Challenges an origin. Returns whether the challenge could be sent. */
  challenge(origin: Origin): boolean;
  /** Called when messages of an origin, by their number, are refused because it has not answered. */
  refused(origin: Origin, messages: number): void;
}

/**
 * Origins that have not yet proved to be alive. They are challenged, rarely enough that an attacker who replays
 * thousands of dead ones causes no flood; their batches are held meanwhile. All of it is bounded and may be lost:
 * repair asks for what is missing, and the next presence causes the next challenge.
 */
export class Suspects {
  private readonly suspects: BoundedMap<Origin, Suspect>;
  private held: Held[] = [];
  private heldBytes = 0;
  /** Limits the rate: an attacker who replays many origins at once must not make this server flood the broker. */
  private readonly challenges: TokenBucket;
  private cancelSweep: (() => void) | undefined;

  constructor(
    private readonly time: Time,
    private readonly listener: SuspectListener,
    private readonly tuning: SealTuning = defaultSealTuning,
  ) {
    this.suspects = new BoundedMap(tuning.suspects, (origin, oldest) => {
      this.giveUp(origin, oldest);
    });
    this.challenges = new TokenBucket(
      tuning.challengesAtOnce,
      1000 / tuning.challengesPerSecond,
      time.monotonicMs(),
    );
  }

  /** Number of origins remembered. */
  get size(): number {
    return this.suspects.size;
  }

  /** Number of batches held, and their bytes. */
  get waiting(): { readonly batches: number; readonly bytes: number } {
    return { batches: this.held.length, bytes: this.heldBytes };
  }

  /** Notes a presence of an origin. It is not kept, since an answer will carry a newer one. */
  note(origin: Origin): void {
    const suspect = this.suspect(origin);
    if (suspect.failsAtMs === 0) this.listener.refused(origin, 1);
    else suspect.waiting++;
  }

  /**
   * Holds a batch of an origin.
   * @param take delivers it; called if the origin answers in time
   * @returns whether it is held
   */
  hold(origin: Origin, bytes: number, take: () => void): boolean {
    if (this.suspect(origin).failsAtMs === 0) {
      this.listener.refused(origin, 1);
      return false;
    }
    this.held.push({ origin, bytes, take });
    this.heldBytes += bytes;
    while (this.held.length > this.tuning.unverifiedBatches || this.heldBytes > this.tuning.unverifiedBytes) {
      const dropped = this.held.shift();
      if (!dropped) break;
      this.heldBytes -= dropped.bytes;
      this.listener.refused(dropped.origin, 1);
    }
    return true;
  }

  /** To be called once an origin is verified: delivers its held batches in the order of their arrival. */
  release(origin: Origin): void {
    this.suspects.delete(origin);
    for (const { take } of this.takeHeld(origin)) take();
  }

  stop(): void {
    this.cancelSweep?.();
    this.suspects.clear();
    this.held = [];
    this.heldBytes = 0;
  }

  /** The suspect of an origin; also challenges it, if a challenge is due. */
  private suspect(origin: Origin): Suspect {
    const now = this.time.monotonicMs();
    const suspect = this.suspects.get(origin) ?? this.add(origin);
    if (now >= suspect.nextAtMs && !this.challenges.isEmpty(now) && this.listener.challenge(origin)) {
      this.challenges.take();
      suspect.failsAtMs = now + this.tuning.challengeTimeoutMs;
      suspect.nextAtMs = now + suspect.backoffMs;
      suspect.backoffMs = Math.min(4 * suspect.backoffMs, this.tuning.challengeRetryCapMs);
      this.sweepLater();
    }
    return suspect;
  }

  private add(origin: Origin): Suspect {
    const suspect = { waiting: 0, failsAtMs: 0, nextAtMs: 0, backoffMs: this.tuning.challengeRetryMs };
    this.suspects.put(origin, suspect);
    return suspect;
  }

  private sweepLater(): void {
    this.cancelSweep ??= this.time.after(this.tuning.challengeTimeoutMs / SWEEPS, () => {
      this.cancelSweep = undefined;
      this.sweep();
    });
  }

  /** Gives up on origins that have not answered in time. They stay known, so as not to be challenged again at once. */
  private sweep(): void {
    const now = this.time.monotonicMs();
    let open = false;
    for (const [origin, suspect] of this.suspects) {
      if (suspect.failsAtMs === 0) continue;
      if (suspect.failsAtMs <= now) this.giveUp(origin, suspect);
      else open = true;
    }
    if (open) this.sweepLater();
  }

  private giveUp(origin: Origin, suspect: Suspect): void {
    const messages = suspect.waiting + this.takeHeld(origin).length;
    suspect.waiting = 0;
    suspect.failsAtMs = 0;
    if (messages > 0) this.listener.refused(origin, messages);
  }

  private takeHeld(origin: Origin): readonly Held[] {
    const taken = this.held.filter((held) => held.origin === origin);
    if (taken.length === 0) return taken;
    this.held = this.held.filter((held) => held.origin !== origin);
    for (const { bytes } of taken) this.heldBytes -= bytes;
    return taken;
  }
}
