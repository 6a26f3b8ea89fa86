import type { Will } from '../../src/mqtt/mqtt-connection.js';
import type { Origin } from '../../src/core/dot.js';
import type { SimKeys } from './sim-keys.js';
import { WireLedger } from './sim-ledger.js';
import { SimNetwork } from './sim-network.js';
import type { SeededRandom } from './sim-random.js';
import { SealedBus } from './sim-sealed-bus.js';
import type { ServerTime, World } from './sim-time.js';

/** Something on its way over a broker. */
export interface Overheard {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Who has the broker: sees everything, and says what becomes of it. */
export interface Meddler {
  /** A server publishes. */
  heard(network: SealedNetwork, message: Overheard): void;
  /** A server has connected, and left this as its will. */
  heardWill(network: SealedNetwork, origin: Origin, will: Will): void;
  /** By how much a message for somebody is late; `undefined` if it never arrives. */
  delayMs(topic: string): number | undefined;
}

/** A network that carries payloads on topics, for buses with everything that the real one has. */
export class SealedNetwork extends SimNetwork<SealedBus> {
  readonly ledger: WireLedger;
  private promised = false;
  /** Wills of connections that broke, which the broker has not noticed. */
  private readonly wills = new Map<Origin, { readonly will: Will; readonly cancel: () => void }>();

  constructor(
    world: World,
    random: SeededRandom,
    readonly fleet: string,
    private readonly keys: SimKeys,
    private readonly meddler: Meddler,
  ) {
    super(world, random);
    this.ledger = new WireLedger(fleet, keys);
  }

  override open(origin: Origin, time: ServerTime): SealedBus {
    this.ledger.born(origin, this.world.nowMs);
    return new SealedBus(origin, this, time, this.keys.seal(this.fleet, time));
  }

  override detach(bus: SealedBus): void {
    super.detach(bus);
    bus.vanish();
    this.ledger.died(bus.origin, this.world.nowMs);
  }

  /** A server has sealed something. */
  note(topic: string, payload: Buffer): void {
    this.ledger.note(topic, payload, this.world.nowMs);
  }

  /** Something waits for a promise, which goes on as soon as it may. */
  notePromise(): void {
    this.promised = true;
  }

  takePromised(): boolean {
    const { promised } = this;
    this.promised = false;
    return promised;
  }

  get all(): readonly SealedBus[] {
    return [...this.buses.values()];
  }

  /** A server connects. A broker that has not noticed that its last connection broke drops that one, will first. */
  accept(origin: Origin, will: Will): void {
    const lost = this.wills.get(origin);
    if (lost) {
      lost.cancel();
      this.publishWill(origin, lost.will);
    }
    this.meddler.heardWill(this, origin, will);
  }

  loseSoon(origin: Origin, will: Will, inMs: number): void {
    const cancel = this.world.at(this.world.nowMs + inMs, () => this.publishWill(origin, will));
    this.wills.set(origin, { will, cancel });
  }

  /** Sends what a server publishes to whoever has subscribed to it. */
  carry(from: Origin, topic: string, payload: Buffer): void {
    this.meddler.heard(this, { topic, payload });
    this.spread(from, topic, payload);
  }

  private publishWill(origin: Origin, { topic, payload }: Will): void {
    this.wills.delete(origin);
    if (!this.down) this.spread(origin, topic, payload);
  }

  private spread(from: Origin, topic: string, payload: Buffer): void {
    for (const bus of this.buses.values()) {
      if (!bus.subscribes(topic)) continue;
      const lateMs = this.meddler.delayMs(topic);
      if (lateMs === undefined) continue;
      this.travel(from, bus.origin, () => {
        if (lateMs === 0) bus.hear(topic, payload);
        else this.world.at(this.world.nowMs + lateMs, () => bus.hear(topic, payload));
      });
    }
  }
}
