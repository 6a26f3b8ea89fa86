import type { Logger } from './logger.js';
import type { Time } from './time.js';

/** The process looks so often whether it is awake, */
const LOOK_MS = 250;
/** and takes itself for frozen meanwhile when it is later than this. */
const PAUSE_MS = 1_000;

/**
 * Notices that this process stood still: stopped, its virtual machine paused, the machine suspended, or kept from the
 * processor by something else. Whoever asked for anything meanwhile may have given up long ago.
 *
 * A monotonic clock stands still while a machine is suspended, so the wall clock counts too. Where somebody has only set it
 * ahead, what comes in within a round trip is refused for nothing.
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

  /** Begins to look, regularly. */
  start(): void {
    this.time.after(LOOK_MS, () => {
      this.look();
      this.note();
      this.start();
    });
  }

  /** Calls at the end of every pause, before what waited is looked at. */
  onEnd(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Looks now: sockets may be read before timers. Whoever reads a request calls this first. Cheap.
   * @returns the present by the monotonic clock, in ms
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
