import { limits } from '../core/limits.js';
import { mqttLimits } from './limits.js';
import type { Time } from '../ports/time.js';

type Settled = (taken: boolean) => void;

/** A publish that the broker has not acknowledged yet. */
interface Ticket {
  readonly lane: Lane;
  settled: Settled | undefined;
  cancelTimeout: () => void;
}

/**
 * Batches, challenges and everything else have separate places, so that neither a flood of writes nor one of replayed
 * messages silences presence.
 */
export type Lane = 'batch' | 'challenge' | 'control';

/**
 * Publishes not yet acknowledged, bounded. Each caller is told once: taken, refused, or timed out. A place stays
 * occupied after a time-out until the broker answers or the connection breaks, so a broker that has stopped answering
 * gets nothing more.
 */
export class PublishWindow {
  private readonly open = new Set<Ticket>();
  private readonly used = { batch: 0, challenge: 0, control: 0 };
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly time: Time,
    private readonly places: number = mqttLimits.publishWindow,
  ) {}

  get size(): number {
    return this.open.size;
  }

  /** Takes a place; `undefined` if there is none. */
  take(lane: Lane, settled: Settled | undefined): Ticket | undefined {
    if (this.used[lane] >= this.places) return undefined;
    const ticket: Ticket = {
      lane,
      settled,
      cancelTimeout: this.time.after(limits.publishTimeoutMs, () => {
        tell(ticket, false);
      }),
    };
    this.used[lane]++;
    this.open.add(ticket);
    return ticket;
  }

  /** Frees the place of a ticket and tells its caller, unless it has been told. */
  settle(ticket: Ticket, taken: boolean): void {
    if (!this.open.delete(ticket)) return;
    this.used[ticket.lane]--;
    ticket.cancelTimeout();
    tell(ticket, taken);
    if (this.open.size === 0) for (const resume of this.waiting.splice(0)) resume();
  }

  /** The connection broke: it is unknown what the broker still took, so nothing counts as taken. */
  loseAll(): void {
    for (const ticket of [...this.open]) this.settle(ticket, false);
  }

  /** Resolves when nothing is pending, or after `deadlineMs`. */
  async drained(deadlineMs: number): Promise<void> {
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.time.after(deadlineMs, resolve);
      this.waiting.push(() => {
        cancel();
        resolve();
      });
    });
  }
}

function tell(ticket: Ticket, taken: boolean): void {
  const { settled } = ticket;
  ticket.settled = undefined;
  settled?.(taken);
}
