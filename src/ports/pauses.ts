import type { Logger } from './logger.js';
import type { Time } from './time.js';

/** Period of the timer that detects pauses. */
const LOOK_MS = 250;
/** A timer that fires late by more than this means that the process was paused. */
const PAUSE_MS = 1_000;

/**
 * Detects that this process was paused: stopped, its virtual machine paused, the machine suspended, or starved of the
 * processor. Callers whose requests arrived meanwhile may have given up long ago.
 *
 * The monotonic clock stops while a machine is suspended, so the wall clock is checked too. If that was merely set
 * ahead, requests arriving within one round trip are refused needlessly.
 */
export class Pauses {
  private readonly listeners: (() => void)[] = [];
  private monotonicMs: number;
  private wallMs: number;

  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
  ) {
    this.monotonicMs = time.monotonicMs();
    this.wallMs = time.wallMs();
  }

  /** Starts the periodic check. */
  start(): void {
    this.time.after(LOOK_MS, () => {
      this.look();
      this.note();
      this.start();
    });
  }

  /** Calls the listener after every pause, before waiting requests are processed. */
  onEnd(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Checks now. To be called before a request is read, since sockets may be read before timers run. Cheap.
   * @returns the current time of the monotonic clock, in ms
   */
  look(): number {
    const nowMs = this.time.monotonicMs();
    const pausedMs = Math.max(nowMs - this.monotonicMs, this.time.wallMs() - this.wallMs);
    if (pausedMs <= LOOK_MS + PAUSE_MS) return nowMs;
    this.note();
    this.logger.warn(
      { paradoMs: Math.round(pausedMs) },
      'o processo esteve parado: recusa o que esperava à porta, de clientes que podem ter desistido',
    );
    for (const listener of this.listeners) listener();
    return nowMs;
  }

  private note(): void {
    this.monotonicMs = this.time.monotonicMs();
    this.wallMs = this.time.wallMs();
  }
}
