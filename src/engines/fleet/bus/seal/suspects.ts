import { BoundedMap } from '../../../../core/bounded-map.js';
import { TokenBucket } from '../../../../core/token-bucket.js';
import type { Origin } from '../../../../core/dot.js';
import type { Time } from '../../../../ports/time.js';
import { defaultSealTuning } from './tuning.js';
import type { SealTuning } from './tuning.js';

/** Those who have not answered in time are looked for so many times within that time. */
const SWEEPS = 4;

/** An origin that has published, and of which nobody knows whether it lives. */
interface Suspect {
  /** Messages that count as refused unless it answers. */
  waiting: number;
  /** When a challenge under way has failed; 0 if none is. */
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
  /** Asks an origin for a sign of life. Returns whether it could be asked. */
  challenge(origin: Origin): boolean;
  /** So many messages of an origin are refused: it has not answered. */
  refused(origin: Origin, messages: number): void;
}

/**
 * Origins that have yet to show that they live: challenged, rarely enough that whoever replays thousands of dead ones
 * causes no flood, and their batches held meanwhile. All of it is bounded, and all of it may be lost: repair asks for
 * what is missing, and a presence brings the next challenge.
 */
export class Suspects {
  private readonly suspects: BoundedMap<Origin, Suspect>;
  private held: Held[] = [];
  private heldBytes = 0;
  /** Whoever replays many origins at once must not make this server flood the broker. */
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

  /** Origins remembered. */
  get size(): number {
    return this.suspects.size;
  }

  /** Batches that wait, and their bytes. */
  get waiting(): { readonly batches: number; readonly bytes: number } {
    return { batches: this.held.length, bytes: this.heldBytes };
  }

  /** A presence of an origin came, which is not worth keeping: an answer brings a newer one. */
  note(origin: Origin): void {
    const suspect = this.suspect(origin);
    if (suspect.failsAtMs === 0) this.listener.refused(origin, 1);
    else suspect.waiting++;
  }

  /** A batch of an origin came. @param take delivers it, if the origin answers in time */
  hold(origin: Origin, bytes: number, take: () => void): void {
    if (this.suspect(origin).failsAtMs === 0) {
      this.listener.refused(origin, 1);
      return;
    }
    this.held.push({ origin, bytes, take });
    this.heldBytes += bytes;
    while (this.held.length > this.tuning.unverifiedBatches || this.heldBytes > this.tuning.unverifiedBytes) {
      const dropped = this.held.shift();
      if (!dropped) return;
      this.heldBytes -= dropped.bytes;
      this.listener.refused(dropped.origin, 1);
    }
  }

  /** The origin lives: delivers what waited for that, in the order in which it came. */
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

  /** What is known of the origin, challenged if it is time for that. */
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

  /** Gives up on those who have not answered in time. They stay known, so that they are not challenged at once again. */
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
