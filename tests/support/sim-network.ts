import { decode, unpackBatch } from '../../src/bus/decode.js';
import { encode, packBatch } from '../../src/bus/encode.js';
import { parseTopic, topicOf } from '../../src/bus/topics.js';
import type { Origin } from '../../src/core/dot.js';
import { batchBytes } from '../../src/core/json-size.js';
import type { Batch } from '../../src/core/mutation.js';
import type { Bus, BusListener, Message } from '../../src/ports/bus.js';
import { Violation } from './oracle.js';
import type { SeededRandom } from './sim-random.js';
import type { ServerTime, World } from './sim-time.js';

const FLEET = 'sim';

/** How badly messages travel. */
export interface Weather {
  /** Greatest loss on a link; each link draws its own. */
  readonly lossMax: number;
  readonly duplication: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Whether messages of one link may overtake each other. */
  readonly reorders: boolean;
}

export const CALM: Weather = {
  lossMax: 0,
  duplication: 0,
  delayMinMs: 1,
  delayMaxMs: 5,
  reorders: false,
};

/** A broker and its links: they lose, repeat, reorder, split the fleet, and acknowledge what they lose. */
export class SimNetwork {
  weather: Weather = CALM;
  private readonly buses = new Map<Origin, SimBus>();
  private readonly groups = new Map<Origin, number>();
  private losses = new Map<string, number>();
  private readonly lastAt = new Map<string, number>();
  /** The broker is down: nobody is connected. */
  down = false;
  /** How long the broker takes to acknowledge, at most. */
  acknowledgeMaxMs = 5;

  /** @param codec whether messages travel as the bytes of the real codec, or as clones */
  constructor(
    readonly world: World,
    readonly random: SeededRandom,
    private readonly codec: boolean,
  ) {}

  attach(bus: SimBus): void {
    this.buses.set(bus.origin, bus);
  }

  detach(bus: SimBus): void {
    this.buses.delete(bus.origin);
  }

  changeWeather(weather: Weather): void {
    this.weather = weather;
    this.losses = new Map();
  }

  /** Splits the fleet: only servers of one group hear each other. */
  split(groups: number): void {
    for (const origin of this.buses.keys()) this.groups.set(origin, this.random.int(0, groups - 1));
  }

  merge(): void {
    this.groups.clear();
  }

  setDown(down: boolean): void {
    this.down = down;
    for (const bus of [...this.buses.values()])
      if (down) bus.disconnect();
      else bus.connectSoon();
  }

  send(from: Origin, message: Message): void {
    const bytes = this.codec ? encode(FLEET, message) : undefined;
    for (const bus of this.buses.values()) {
      if ('to' in message && message.to !== bus.origin) continue;
      const copies = this.random.chance(this.weather.duplication) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        if (this.random.chance(this.lossOf(from, bus.origin))) continue;
        this.world.at(this.arrival(from, bus.origin), () => {
          if (this.groupOf(from) === this.groupOf(bus.origin)) bus.deliver(...this.copy(message, bytes));
        });
      }
    }
  }

  private copy(message: Message, bytes: Buffer | undefined): [Message, number] {
    if (!bytes) return [structuredClone(message), message.type === 'batch' ? batchBytes(message.batch) : 100];
    const topic = parseTopic(topicOf(FLEET, message));
    const decoded = topic ? decode(topic, FLEET, bytes) : undefined;
    if (!decoded?.ok) throw new Violation(`the codec refuses its own ${message.type}: ${bytes.toString()}`);
    return [decoded.message, bytes.length];
  }

  private groupOf(origin: Origin): number {
    return this.groups.get(origin) ?? 0;
  }

  private lossOf(from: Origin, to: Origin): number {
    const link = `${from} ${to}`;
    const known = this.losses.get(link) ?? this.random.between(0, this.weather.lossMax);
    this.losses.set(link, known);
    return known;
  }

  private arrival(from: Origin, to: Origin): number {
    const { delayMinMs, delayMaxMs, reorders } = this.weather;
    const at = this.world.nowMs + this.random.between(delayMinMs, delayMaxMs);
    if (reorders) return at;
    const link = `${from} ${to}`;
    const inOrder = Math.max(at, this.lastAt.get(link) ?? 0);
    this.lastAt.set(link, inOrder);
    return inOrder;
  }
}

/** One server's connection. Its broker acknowledges everything it takes, and what it takes may still be lost. */
export class SimBus implements Bus {
  connected = false;
  private listener: BusListener | undefined;
  private readonly unsettled = new Set<(taken: boolean) => void>();

  constructor(
    readonly origin: Origin,
    private readonly network: SimNetwork,
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
