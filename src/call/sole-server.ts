import type { Time } from '../ports/time.js';
import { soleServerLimits } from './limits.js';

interface SoleServerOptions {
  /** Whether this server hears what it would act on. */
  readonly isConnected: () => boolean;
  /** Whether this server should be the one that acts, as far as it sees now. */
  readonly leads: () => boolean;
  /** Whether this server has seen all known changes of the others: it begins only then. Absent: always. */
  readonly upToDate?: (() => boolean) | undefined;
  readonly time: Time;
  /** Called when this server begins to act. @param leadingMs for how long it has been the one that should */
  readonly onBegin: (leadingMs: number) => void;
  /** Called when it no longer acts. */
  readonly onEnd: () => void;
  /** Called at every look at the role, acting or not, a few times a second. */
  readonly onLook: (nowMs: number) => void;
}

/**
 * Of several servers that hear the same messages, exactly one acts on them. Which one that should be is up to
 * `leads`; this class sees to the time between: a server begins only after it has been the one for a while, and stops at
 * once when it is not any more, has lost its broker, or has been asleep. Two servers act at the same time only while they
 * cannot see each other and both hear the messages.
 */
export class SoleServer {
  private active = false;
  /** Since when this server should be the one. */
  private leadingSinceMs: number | undefined;
  private lookedAtMs: number;
  private cancelLook: () => void = () => undefined;
  private stopped = false;

  constructor(private readonly options: SoleServerOptions) {
    this.lookedAtMs = options.time.monotonicMs();
  }

  /** Whether this server acts now, beyond doubt. To be asked before every single act. */
  get acts(): boolean {
    return this.active && this.leading && !this.wasAsleep(this.options.time.monotonicMs());
  }

  /** Whether this server has not looked for so long that another one may have acted. */
  get hasSlept(): boolean {
    return this.wasAsleep(this.options.time.monotonicMs());
  }

  /** Looks at the role, now and from now on. To be called also when the broker came or went. */
  look(): void {
    if (this.stopped) return;
    const { time, upToDate, onBegin, onEnd, onLook } = this.options;
    const nowMs = time.monotonicMs();
    const { leading } = this;
    if (!leading || this.wasAsleep(nowMs)) {
      this.leadingSinceMs = undefined;
      if (this.active) {
        this.active = false;
        onEnd();
      }
    }
    this.lookedAtMs = nowMs;
    if (leading) {
      this.leadingSinceMs ??= nowMs;
      const leadingMs = nowMs - this.leadingSinceMs;
      const waited = leadingMs >= soleServerLimits.takeoverMs;
      if (!this.active && waited && (upToDate?.() ?? true)) {
        this.active = true;
        onBegin(leadingMs);
      }
    }
    onLook(nowMs);
    this.cancelLook();
    this.cancelLook = time.after(soleServerLimits.roleMs, () => {
      this.look();
    });
  }

  stop(): void {
    this.stopped = true;
    this.cancelLook();
  }

  private get leading(): boolean {
    return this.options.isConnected() && this.options.leads();
  }

  private wasAsleep(nowMs: number): boolean {
    return nowMs - this.lookedAtMs >= soleServerLimits.asleepMs;
  }
}
