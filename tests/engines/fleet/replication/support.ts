import type { Batch, Mutation } from '../../../../src/core/mutation.js';
import { Store } from '../../../../src/core/store.js';
import type { Bus, Message } from '../../../../src/ports/bus.js';
import type { Time } from '../../../../src/ports/time.js';
import { Causes } from '../../../../src/engines/fleet/replication/causes.js';
import { RecentLog } from '../../../../src/engines/fleet/replication/log.js';
import { Outbox } from '../../../../src/engines/fleet/replication/outbox.js';
import { Receiver } from '../../../../src/engines/fleet/replication/receiver.js';
import { defaultFleetTuning, type FleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { jsonCodec } from '../../../support/loopback-bus.js';
import { insert } from '../../../core/support.js';
import { stampInsert } from '../../../support/stamp.js';

/** A bus that keeps what it is given until the test settles it. */
export class HeldBus implements Bus {
  connected = true;
  readonly pack = jsonCodec.pack;
  readonly unpack = jsonCodec.unpack;
  readonly sent: Batch[] = [];
  private readonly unsettled: ((taken: boolean) => void)[] = [];

  publish(message: Message, settled?: (taken: boolean) => void): void {
    if (message.type === 'batch') this.sent.push(message.batch);
    if (settled) this.unsettled.push(settled);
  }

  settleOne(): void {
    this.unsettled.shift()?.(true);
  }

  get inFlight(): number {
    return this.unsettled.length;
  }

  start(): void {
    // Nothing comes in here.
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** A clock that stands still until the test moves it, and turns that the test ends. */
export class HandTime implements Time {
  nowMs = 0;
  wallAheadMs = 0;
  private waiting: (() => void)[] = [];

  wallMs(): number {
    return this.nowMs + this.wallAheadMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  after(): () => void {
    return () => undefined;
  }

  atEndOfTurn(call: () => void): void {
    this.waiting.push(call);
  }

  endTurn(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const call of waiting) call();
  }
}

/** One server's road of mutations, without peers and repair. */
export class Road {
  readonly bus = new HeldBus();
  readonly time = new HandTime();
  readonly store = new Store();
  readonly log: RecentLog;
  readonly causes: Causes;
  readonly outbox: Outbox;
  readonly receiver: Receiver;

  constructor(
    readonly origin: string,
    tuning: Partial<FleetTuning> = {},
    decidesEarly = false,
  ) {
    const all = { ...defaultFleetTuning, ...tuning };
    this.log = new RecentLog(this.bus, all, this.store.vector.origins);
    this.causes = new Causes(origin, this.store, decidesEarly);
    this.outbox = new Outbox(origin, this.bus, this.log, this.time, all, this.causes, this.store.clock);
    this.receiver = new Receiver(origin, this.store, this.outbox, this.log, all, this.causes);
  }

  /** Writes here as the engine does. */
  write(key: string, value = 'v'): void {
    const mutation = stampInsert(this.store, this.origin, key, value, this.time.wallMs());
    const seq = this.store.vector.seqOf(this.origin) + 1;
    this.store.apply(this.origin, seq, mutation);
    this.outbox.add(seq, mutation);
  }

  /** Takes a batch as if it had come from the bus. */
  receive(said: Batch): void {
    this.receiver.receive(said, this.bus.pack(said), 10);
  }

  /** Everything in the log, as a peer that has nothing gets it. */
  logged(): readonly Batch[] | undefined {
    return this.log.missing(this.store.vector, new Map(), Infinity)?.batches;
  }
}

/** A batch of inserts of an origin, each of a key of its own. */
export function batch(
  origin: string,
  first: number,
  count = 1,
  dependencies: Batch['dependencies'] = [],
): Batch {
  const mutations = Array.from({ length: count }, (_, i): Mutation => insert(`${origin}${first + i}`, 1));
  return { origin, first, dependencies, mutations };
}
