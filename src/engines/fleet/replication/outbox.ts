import type { Origin, VectorEntries } from '../../../core/dot.js';
import { batchBytes, mutationBytes, vectorBytes } from '../../../core/json-size.js';
import type { FleetClock } from '../../../core/fleet-clock.js';
import type { Batch, Mutation } from '../../../core/mutation.js';
import type { BatchMessage, Bus } from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import type { Causes } from './causes.js';
import { replicationLimits } from './limits.js';
import type { RecentLog } from './log.js';
import type { FleetTuning } from './tuning.js';

/** A batch that is not closed yet: more mutations may come. */
interface OpenBatch {
  readonly first: number;
  readonly dependencies: VectorEntries;
  readonly mutations: Mutation[];
  bytes: number;
}

/** Counts for metrics. */
interface OutboxCounters {
  batches: number;
  mutations: number;
  /** Batches that did not go to the bus: peers ask for them. */
  unsent: number;
}

/**
 * Turns this server's mutations into batches, one for each turn of the event loop, and hands them to the bus.
 *
 * Delivery is best effort: every closed batch is in the log, and peers that miss one ask for it. So a full queue drops
 * batches, and an absent broker costs no memory.
 */
export class Outbox {
  readonly counters: OutboxCounters = { batches: 0, mutations: 0, unsent: 0 };
  private open: OpenBatch | undefined;
  private readonly queue: { readonly message: BatchMessage; readonly bytes: number }[] = [];
  private queuedBytes = 0;
  private inFlight = 0;
  private flushScheduled = false;

  constructor(
    private readonly origin: Origin,
    private readonly bus: Bus,
    private readonly log: RecentLog,
    private readonly time: Time,
    private readonly tuning: FleetTuning,
    private readonly causes: Causes,
    private readonly clock: FleetClock,
  ) {}

  /** Takes a mutation that this server has just applied as its `seq`. */
  add(seq: number, mutation: Mutation): void {
    const bytes = mutationBytes(mutation);
    const { open } = this;
    if (
      open &&
      (open.bytes + bytes > this.mostBytes() || open.mutations.length >= this.tuning.batchMutations)
    ) {
      this.close();
    }
    this.open ??= this.begin(seq);
    this.open.mutations.push(mutation);
    this.open.bytes += bytes;
    // A mark with the first part of many causes: the next mutation has the next part.
    if (this.causes.isMore) this.close();
    this.scheduleFlush();
  }

  /** Must be called before anything remote is applied, since the dependencies of a batch must hold for all of it. */
  close(): void {
    const { open } = this;
    if (!open) return;
    this.open = undefined;
    const batch: Batch = {
      origin: this.origin,
      first: open.first,
      dependencies: open.dependencies,
      mutations: open.mutations,
      fleetMs: this.clock.nowMs(),
    };
    const packed = this.bus.pack(batch);
    this.log.append(batch, packed, open.bytes);
    this.counters.batches++;
    this.counters.mutations += open.mutations.length;
    this.enqueue({ type: 'batch', batch, packed }, open.bytes);
  }

  /** The batch that is open, if one is: it will be the next of the log. */
  get opened(): Pick<OpenBatch, 'first' | 'dependencies' | 'mutations'> | undefined {
    return this.open;
  }

  /** Whether the broker has taken everything that can be sent. */
  get isIdle(): boolean {
    return !this.open && this.inFlight === 0 && this.queue.length === 0;
  }

  /** To be called when the next mutations are decided: see {@link Causes.seal}. */
  seal(): void {
    if (this.causes.seal()) this.close();
  }

  /** Bounds the size of a batch: one that the broker does not carry would reach nobody, and hold up all later ones. */
  private mostBytes(): number {
    const { limitBytes } = this.bus;
    const { batchBytes } = this.tuning;
    return limitBytes === undefined
      ? batchBytes
      : Math.min(batchBytes, limitBytes - replicationLimits.envelopeBytes);
  }

  private begin(first: number): OpenBatch {
    const dependencies = this.causes.take();
    const bytes = batchBytes({ origin: this.origin, first, dependencies: [], mutations: [] });
    return { first, dependencies, mutations: [], bytes: bytes + vectorBytes(dependencies) };
  }

  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    this.time.atEndOfTurn(() => {
      this.flushScheduled = false;
      this.flush();
    });
  }

  /** Under load the open batch stays open and grows until a place in the window is free. */
  private flush(): void {
    if (this.bus.connected && this.isFull()) return;
    this.close();
  }

  private isFull(): boolean {
    return this.inFlight >= this.tuning.outboxBatches;
  }

  private enqueue(message: BatchMessage, bytes: number): void {
    const { outboxQueuedBatches, outboxQueuedBytes } = this.tuning;
    const isFull = this.queue.length >= outboxQueuedBatches || this.queuedBytes + bytes > outboxQueuedBytes;
    if (!this.bus.connected || isFull) {
      this.counters.unsent++;
      return;
    }
    this.queue.push({ message, bytes });
    this.queuedBytes += bytes;
    this.pump();
  }

  private pump(): void {
    while (!this.isFull()) {
      const next = this.queue.shift();
      if (!next) return;
      this.queuedBytes -= next.bytes;
      this.inFlight++;
      this.bus.publish(next.message, () => {
        this.inFlight--;
        this.pump();
        if (this.queue.length === 0 && this.open) this.scheduleFlush();
      });
    }
  }
}
