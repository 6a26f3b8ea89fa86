import { BoundedMap } from '../../../core/bounded-map.js';
import type { Origin } from '../../../core/dot.js';
import type { Time } from '../../../ports/time.js';
import type { Peers } from './peers.js';
import type { FleetTuning } from './tuning.js';

interface Waiter {
  readonly seq: number;
  readonly servers: number;
  readonly settle: (holders: number) => void;
}

/**
 * Writes of this server that wait until peers hold them, according to what peers report (see
 * {@link ConfirmationReplier}). One question at a time is under way; it asks on behalf of all waiting writes.
 */
export class Confirmations {
  /** In ascending order of seq. */
  private waiters: Waiter[] = [];
  /** For each peer, the last seq of this server that it has said to hold. */
  private readonly held: BoundedMap<Origin, number>;
  private asking = false;
  private askedSeq = 0;
  private askDue = false;
  private cancelRepeat: (() => void) | undefined;

  /** @param ask asks every peer to confirm what it holds up to {@link awaited}; calls `settled` once that was sent */
  constructor(
    private readonly peers: Peers,
    private readonly time: Time,
    private readonly tuning: FleetTuning,
    private readonly ask: (settled: () => void) => void,
  ) {
    this.held = new BoundedMap(tuning.peers);
  }

  /** The last seq that a write waits for; `undefined` if none waits. */
  get awaited(): number | undefined {
    return this.waiters.at(-1)?.seq;
  }

  /** Writes that wait. */
  get count(): number {
    return this.waiters.length;
  }

  /** Whether too many writes wait for another one to begin. */
  get isFull(): boolean {
    return this.waiters.length >= this.tuning.confirmWaiters;
  }

  /**
   * The number of other servers that hold everything of this server up to `seq`: as soon as there are `servers` of
   * them, or else after `waitMs`.
   * @param seq not less than in any call before
   */
  wait(seq: number, servers: number, waitMs: number): number | Promise<number> {
    const holders = this.holders(seq);
    if (holders >= servers) return holders;
    return new Promise((resolve) => {
      const cancel = this.time.after(waitMs, () => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve(this.holders(seq));
      });
      const waiter: Waiter = {
        seq,
        servers,
        settle: (count) => {
          cancel();
          resolve(count);
        },
      };
      this.waiters.push(waiter);
      this.askSoon();
    });
  }

  /** To be called when a peer says that it holds everything of this server up to `seq`. */
  confirmed(peer: Origin, seq: number): void {
    const state = this.peers.get(peer)?.presence.state;
    if (state !== 'serving' && state !== 'draining') return;
    if ((this.held.get(peer) ?? 0) >= seq) return;
    this.held.put(peer, seq);
    this.settle(seq);
  }

  /** Settles the waiters that needed no more than this confirmation. */
  private settle(seq: number): void {
    const descending = [...this.held.values()].sort((a, b) => b - a);
    let kept = 0;
    let next = 0;
    for (; next < this.waiters.length; next++) {
      const waiter = this.waiters[next] as Waiter;
      if (waiter.seq > seq) break;
      if ((descending[waiter.servers - 1] ?? 0) >= waiter.seq) waiter.settle(this.holders(waiter.seq));
      else this.waiters[kept++] = waiter;
    }
    if (kept < next) this.waiters = [...this.waiters.slice(0, kept), ...this.waiters.slice(next)];
  }

  private holders(seq: number): number {
    let count = 0;
    for (const held of this.held.values()) if (held >= seq) count++;
    return count;
  }

  /** One question covers all writes of a turn; writes made while it is under way wait for the next question. */
  private askSoon(): void {
    if (this.askDue || this.asking) return;
    this.askDue = true;
    this.time.atEndOfTurn(() => {
      this.askDue = false;
      this.askNow(this.tuning.confirmRepeatMs);
    });
  }

  private askNow(repeatMs: number): void {
    const { awaited } = this;
    this.cancelRepeat?.();
    this.cancelRepeat = undefined;
    if (awaited === undefined) return;
    this.askedSeq = awaited;
    this.asking = true;
    this.ask(() => {
      this.asking = false;
      if ((this.awaited ?? 0) > this.askedSeq) this.askSoon();
    });
    // The question, an answer, or the write itself may have been lost.
    this.cancelRepeat = this.time.after(repeatMs, () => {
      this.askNow(Math.min(2 * repeatMs, this.tuning.presenceIntervalMs));
    });
  }
}
