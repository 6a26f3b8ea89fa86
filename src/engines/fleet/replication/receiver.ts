import type { Origin } from '../../../core/dot.js';
import { lastSeq, type Batch, type Mutation } from '../../../core/mutation.js';
import type { Store } from '../../../core/store.js';
import type { Causes } from './causes.js';
import type { RecentLog } from './log.js';
import type { Outbox } from './outbox.js';
import type { FleetTuning } from './tuning.js';

/** Counts of received batches and mutations, for logs and metrics. */
interface ReceiverCounters {
  /** Batches of others, repeated or not. */
  received: number;
  /** Mutations. */
  applied: number;
  duplicates: number;
  echoes: number;
  held: number;
  dropped: number;
}

interface Held {
  readonly batch: Batch;
  readonly packed: string;
  readonly bytes: number;
}

/**
 * Applies peers' batches, each once and after its causes. Batches that arrive too early are held. Held batches are only
 * a cache and may be dropped at any time, since the vector tells what to ask for.
 */
export class Receiver {
  readonly counters: ReceiverCounters = {
    ...{ received: 0, applied: 0, duplicates: 0, echoes: 0, held: 0, dropped: 0 },
  };
  /** Held batches of each origin, in ascending order of their first seq. */
  private readonly held = new Map<Origin, Held[]>();
  private heldBatches = 0;
  /** Called when a batch was applied, from this seq on: it is the last of the log. */
  onApplied: (batch: Batch, from: number) => void = () => undefined;
  private heldBytes = 0;

  constructor(
    private readonly self: Origin,
    private readonly store: Store,
    private readonly outbox: Outbox,
    private readonly log: RecentLog,
    private readonly tuning: FleetTuning,
    private readonly causes: Causes,
    private readonly journalWriter?: { noteReceived(packed: string): void },
  ) {}

  get isWaiting(): boolean {
    return this.heldBatches > 0;
  }

  /** Batches that wait for their causes. */
  get waitingBatches(): number {
    return this.heldBatches;
  }

  /** Origins with held batches: they have written more than was applied here. */
  get waitingFor(): Iterable<Origin> {
    return this.held.keys();
  }

  /**
   * Takes a batch, in any order, any number of times.
   * @param packed its text
   * @param bytes its size on the wire
   */
  receive(batch: Batch, packed: string, bytes: number): 'applied' | 'held' | 'known' {
    if (batch.origin === this.self) {
      this.counters.echoes++;
      return 'known';
    }
    this.counters.received++;
    if (lastSeq(batch) <= this.store.vector.seqOf(batch.origin)) {
      this.counters.duplicates++;
      return 'known';
    }
    if (!this.isReady(batch)) return this.hold({ batch, packed, bytes });
    this.apply({ batch, packed, bytes });
    this.applyHeld();
    return 'applied';
  }

  /** Applies held batches that have become ready, and drops those that were applied by other means. */
  applyHeld(): void {
    for (let progress = true; progress;) {
      progress = false;
      for (const [origin, waiting] of this.held) {
        while (waiting[0] && this.settle(waiting[0])) {
          this.unhold(waiting.shift() as Held);
          progress = true;
        }
        if (waiting.length === 0) this.held.delete(origin);
      }
    }
  }

  /** Whether the causes of a batch, and all earlier ones of its origin, have been applied. */
  private isReady(batch: Batch): boolean {
    const { vector } = this.store;
    if (vector.size >= this.tuning.peerOrigins && vector.seqOf(batch.origin) === 0) return false;
    return batch.first <= vector.seqOf(batch.origin) + 1 && vector.covers(batch.dependencies);
  }

  /** Applies a held batch if it is ready. Returns whether it need not be held anymore. */
  private settle(held: Held): boolean {
    const { batch } = held;
    if (lastSeq(batch) <= this.store.vector.seqOf(batch.origin)) return true;
    if (!this.isReady(batch)) return false;
    this.apply(held);
    return true;
  }

  private apply({ batch, packed, bytes }: Held): void {
    this.outbox.close();
    const { store } = this;
    if (batch.fleetMs !== undefined) store.clock.witness(batch.fleetMs);
    const last = lastSeq(batch);
    const from = store.vector.seqOf(batch.origin) + 1;
    for (let seq = from; seq <= last; seq++) {
      store.apply(batch.origin, seq, batch.mutations[seq - batch.first] as Mutation);
      this.counters.applied++;
    }
    this.log.append(batch, packed, bytes, from);
    this.journalWriter?.noteReceived(packed);
    this.causes.noteBatch(batch.origin, last, batch.dependencies);
    this.onApplied(batch, from);
  }

  private hold(held: Held): 'held' | 'known' {
    this.counters.held++;
    const { origin, first } = held.batch;
    const waiting = this.held.get(origin) ?? [];
    const at = waiting.findIndex((other) => other.batch.first >= first);
    if (at >= 0 && waiting[at]?.batch.first === first) {
      this.counters.duplicates++;
      return 'known';
    }
    waiting.splice(at < 0 ? waiting.length : at, 0, held);
    this.held.set(origin, waiting);
    this.heldBatches++;
    this.heldBytes += held.bytes;
    while (this.heldBatches > this.tuning.heldBatches || this.heldBytes > this.tuning.heldBytes)
      this.dropOne(origin);
    return 'held';
  }

  /** Drops a batch of the origin with the most held ones: an origin that floods (or forges gaps) hurts itself first. */
  private dropOne(latest: Origin): void {
    let victim = latest;
    for (const [origin, waiting] of this.held) {
      if (waiting.length > (this.held.get(victim)?.length ?? 0)) victim = origin;
    }
    const waiting = this.held.get(victim);
    const dropped = waiting?.pop();
    if (!waiting || !dropped) return;
    this.unhold(dropped);
    this.counters.dropped++;
    if (waiting.length === 0) this.held.delete(victim);
  }

  private unhold({ bytes }: Held): void {
    this.heldBatches--;
    this.heldBytes -= bytes;
  }
}
