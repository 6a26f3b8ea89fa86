import { decode, unpackBatch } from '../../src/engines/fleet/bus/decode-messages.js';
import { encode, packBatch } from '../../src/engines/fleet/bus/encode-messages.js';
import { parseTopic, topicOf } from '../../src/engines/fleet/bus/topics.js';
import type { Origin } from '../../src/core/dot.js';
import { batchBytes } from '../../src/core/json-size.js';
import type { Batch } from '../../src/core/mutation.js';
import type { BusListener, Message } from '../../src/ports/bus.js';
import { Violation } from './oracle.js';
import { SimNetwork, type SimConnected } from './sim-network.js';
import type { SeededRandom } from './sim-random.js';
import type { ServerTime, World } from './sim-time.js';

const FLEET = 'sim';

/** A network that carries messages, as a bus without a fleet key has them. */
export class PlainNetwork extends SimNetwork<SimBus> {
  /** @param codec whether messages travel as the bytes of the real codec, or as clones */
  constructor(
    world: World,
    random: SeededRandom,
    private readonly codec: boolean,
  ) {
    super(world, random);
  }

  override open(origin: Origin, time: ServerTime): SimBus {
    return new SimBus(origin, this, time);
  }

  send(from: Origin, message: Message): void {
    const bytes = this.codec ? encode(FLEET, message) : undefined;
    for (const bus of this.buses.values()) {
      if ('to' in message && message.to !== bus.origin) continue;
      this.travel(from, bus.origin, () => bus.deliver(...this.copy(message, bytes)));
    }
  }

  private copy(message: Message, bytes: Buffer | undefined): [Message, number] {
    if (!bytes) return [structuredClone(message), message.type === 'batch' ? batchBytes(message.batch) : 100];
    const topic = parseTopic(topicOf(FLEET, message));
    const decoded = topic ? decode(topic, FLEET, bytes) : undefined;
    if (!decoded?.ok) throw new Violation(`the codec refuses its own ${message.type}: ${bytes.toString()}`);
    return [decoded.message, bytes.length];
  }
}

/** One server's connection. Its broker acknowledges everything it takes, and what it takes may still be lost. */
export class SimBus implements SimConnected {
  connected = false;
  private listener: BusListener | undefined;
  private readonly unsettled = new Set<(taken: boolean) => void>();

  constructor(
    readonly origin: Origin,
    private readonly network: PlainNetwork,
    private readonly time: ServerTime,
  ) {}

  pack(batch: Batch): string {
    return packBatch(FLEET, batch);
  }

  unpack(packed: string): Batch {
    return unpackBatch(packed);
  }

  publish(message: Message, settled?: (taken: boolean) => void): void {
    const { network } = this;
    const { world, random } = network;
    if (this.connected) network.send(this.origin, message);
    if (!settled) return;
    if (!this.connected) {
      if (random.chance(0.5)) settled(false);
      else world.at(world.nowMs, () => this.time.turn(() => settled(false)));
      return;
    }
    this.unsettled.add(settled);
    world.at(world.nowMs + random.between(0, network.acknowledgeMaxMs), () =>
      this.time.turn(() => {
        if (this.unsettled.delete(settled)) settled(true);
      }),
    );
  }

  start(listener: BusListener): void {
    this.listener = listener;
    this.network.attach(this);
    this.connectSoon();
  }

  stop(): Promise<void> {
    this.connected = false;
    this.network.detach(this);
    return Promise.resolve();
  }

  deliver(message: Message, bytes: number): void {
    this.time.turn(() => {
      if (this.connected) this.listener?.onMessage(message, bytes);
    });
  }

  connectSoon(): void {
    const { world, random } = this.network;
    world.at(world.nowMs + random.between(1, 50), () =>
      this.time.turn(() => {
        if (this.connected || this.network.down) return;
        this.connected = true;
        this.listener?.onConnected();
      }),
    );
  }

  /** The connection breaks: what was not acknowledged counts as not taken, even if it arrived. */
  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.time.turn(() => {
      for (const settled of [...this.unsettled]) {
        this.unsettled.delete(settled);
        settled(false);
      }
      this.listener?.onDisconnected();
    });
  }
}
