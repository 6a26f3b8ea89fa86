import { limits } from '../core/limits.js';
import type { Logger } from './logger.js';
import type { Time } from './time.js';

/** Senders named in one summary; more would let a flood of invented names fill the log. */
const NAMES_MAX = 8;

/**
 * Limits warnings that may come thousands of times a second: the first of a burst is logged at once, the following ones
 * are counted and summarised once per period, until a period passes without any.
 */
export class BurstLog {
  private open = false;
  private readonly counts = new Map<string, number>();
  private readonly names = new Set<string>();

  /** @param message Portuguese, used for the first line and the summaries */
  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
    private readonly message: string,
  ) {}

  /**
   * @param reason one of a small fixed set
   * @param name the sender, as the log shows it
   */
  report(reason: string, name: string, details: object = {}): void {
    if (!this.open) {
      this.open = true;
      this.logger.warn({ motivo: reason, origem: name, ...details }, this.message);
      this.scheduleSummary();
      return;
    }
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    if (this.names.size < NAMES_MAX) this.names.add(name);
  }

  private scheduleSummary(): void {
    this.time.after(limits.burstLogMs, () => {
      if (this.counts.size === 0) {
        this.open = false;
        return;
      }
      const mais = Object.fromEntries(this.counts);
      this.logger.warn(
        { mais, origens: [...this.names], periodoMs: limits.burstLogMs },
        `${this.message} (resumo)`,
      );
      this.counts.clear();
      this.names.clear();
      this.scheduleSummary();
    });
  }
}
