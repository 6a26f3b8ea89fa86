import type { OutgoingMessage } from '../../src/ports/topics.js';
import { externalBrokers } from '../../src/mqtt/broker-source.js';
import { tcpBroker } from '../../src/mqtt/broker-url.js';
import type { BrokerAddress } from '../../src/mqtt/broker-url.js';
import type { DropReason } from '../../src/wire/checks.js';
import { MqttBus } from '../../src/engines/fleet/bus/mqtt-bus.js';
import type {
  BrokerConnection,
  BrokerConnectionListener,
  BrokerConnectionOptions,
  Will,
} from '../../src/mqtt/mqtt-connection.js';
import type { SealOptions } from '../../src/engines/fleet/bus/seal/sealer.js';
import { defaultSealTuning } from '../../src/engines/fleet/bus/seal/tuning.js';
import type { SealTuning } from '../../src/engines/fleet/bus/seal/tuning.js';
import type { SealedChannel } from '../../src/engines/fleet/bus/sealed-channel.js';
import type { Origin } from '../../src/core/dot.js';
import type { Batch } from '../../src/core/mutation.js';
import type { BusListener, Message } from '../../src/ports/bus.js';
import { Violation } from './oracle.js';
import { field } from './fields.js';
import type { SimConnected } from './sim-network.js';
import type { SealedNetwork } from './sim-sealed-network.js';
import type { ServerTime } from './sim-time.js';

const BROKERS = externalBrokers([tcpBroker('simulado', 1)]);
/** A broker notices within this that a client has vanished. */
const VANISHED_MS = 7_500;

/** The real bus with its link, window and seal, over connections that are simulated. */
export class SealedBus implements SimConnected {
  private readonly mqtt: MqttBus;
  private line: SimLine | undefined;
  /** Nothing reaches the broker until it is within reach again. */
  private cut = false;

  constructor(
    readonly origin: Origin,
    readonly network: SealedNetwork,
    readonly time: ServerTime,
    private readonly seal: SealOptions | undefined,
  ) {
    const { fleet, random } = network;
    // The bus keeps what is thrown from its link, which goes on: here it ends the run.
    const error = (fields: object, message: string): void =>
      time.fail(new Violation(`${origin}: ${message} ${JSON.stringify(fields)}`));
    this.mqtt = new MqttBus({
      ...{ fleet, origin, brokers: BROKERS, seal, time, random },
      logger: { debug: nothing, info: nothing, warn: nothing, error },
      connect: (options, listener) => (this.line = new SimLine(this, options, listener)),
    });
  }

  get connected(): boolean {
    return this.mqtt.connected;
  }

  /** Whether an attempt to connect would succeed. */
  get reachesBroker(): boolean {
    return !this.cut && !this.network.down;
  }

  /** Messages that it did not let in, by reason. */
  get dropped(): Readonly<Record<DropReason, number>> {
    return this.mqtt.counters.dropped;
  }

  /** Those of which it did not even ask who sent them: whatever came as its own batches, and what no key has sealed so. */
  get refused(): number {
    const { dropped, echoes } = this.mqtt.counters;
    const { REPETIDA, NAO_VERIFICADA } = dropped;
    return Object.values(dropped).reduce((sum, count) => sum + count, echoes - REPETIDA - NAO_VERIFICADA);
  }

  start(listener: BusListener): void {
    this.network.attach(this);
    this.mqtt.start({
      onConnected: () => listener.onConnected(),
      onDisconnected: () => listener.onDisconnected(),
      onMessage: (message, bytes) => {
        // What is thrown here the bus keeps to itself.
        this.orFail(() => this.network.ledger.deliver(this.origin, message));
        return this.orFail(() => listener.onMessage(message, bytes));
      },
    });
  }

  private orFail<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      this.time.fail(error as Error);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.mqtt.stop();
    this.network.detach(this);
  }

  publish(message: Message, settled?: (taken: boolean) => void): void {
    this.mqtt.publish(message, settled);
  }

  pack(batch: Batch): string {
    return this.mqtt.pack(batch);
  }

  unpack(packed: string): Batch {
    return this.mqtt.unpack(packed);
  }

  connectSoon(): void {
    this.cut = false;
  }

  disconnect(): void {
    this.cut = true;
    this.line?.lose();
  }

  /** The server is gone. */
  vanish(): void {
    this.line?.lose();
  }

  subscribes(topic: string): boolean {
    return this.line?.subscribes(topic) === true;
  }

  /** The broker sends it something. Returns whether there was a connection for it. */
  hear(topic: string, payload: Buffer): boolean {
    const heard = this.time.isAlive && this.line?.hear(topic, payload) === true;
    if (heard && this.seal) this.checkBounds(this.seal.tuning ?? defaultSealTuning);
    return heard;
  }

  private checkBounds(tuning: SealTuning): void {
    const channel = field(this.mqtt, 'channel') as SealedChannel;
    const { suspects, liveness } = channel;
    const { keysKept } = field(channel, 'opener') as { readonly keysKept: number };
    const sizes: readonly (readonly [string, number, number])[] = [
      ['suspects', suspects.size, tuning.suspects],
      ['batches of suspects', suspects.waiting.batches, tuning.unverifiedBatches],
      ['bytes of suspects', suspects.waiting.bytes, tuning.unverifiedBytes],
      ['verified origins', liveness.size, tuning.verifiedOrigins],
      ['derived keys', keysKept, tuning.sealKeysKept],
    ];
    for (const [name, size, most] of sizes)
      if (size > most) throw new Violation(`${this.origin} has ${size} ${name}, at most ${most}`);
  }
}

/** One connection: its server's side of it as `MqttConnection` has it, and what the broker knows of it. */
class SimLine implements BrokerConnection {
  private state: 'opening' | 'open' | 'ended' = 'opening';

  constructor(
    private readonly bus: SealedBus,
    private readonly options: BrokerConnectionOptions,
    private readonly listener: BrokerConnectionListener,
  ) {
    const { network } = bus;
    if (options.will) network.note(options.will.topic, options.will.payload);
    this.later(1, 50, () => {
      if (this.state !== 'opening') return;
      if (bus.reachesBroker) {
        this.state = 'open';
        network.accept(bus.origin, options.will as Will);
        this.listener.onOpen();
        return;
      }
      this.state = 'ended';
      network.notePromise();
      this.listener.onFailed('ECONNREFUSED', '');
    });
  }

  get address(): BrokerAddress {
    return this.options.address;
  }

  readonly version = 4;

  publish(
    { topic, payload: given }: OutgoingMessage,
    acknowledged: (error: Error | undefined) => void,
  ): void {
    if (this.state !== 'open') return;
    const payload = Buffer.from(given);
    const { network, origin } = this.bus;
    network.note(topic, payload);
    network.carry(origin, topic, payload);
    this.later(0, network.acknowledgeMaxMs, () => {
      if (this.state === 'open') acknowledged(undefined);
    });
  }

  end(): Promise<void> {
    this.state = 'ended';
    return Promise.resolve();
  }

  abort(): void {
    this.state = 'ended';
  }

  /** Breaks: the server hears of it at once, if it lives, and the broker sooner or later. */
  lose(): void {
    if (this.state !== 'open') return;
    this.state = 'ended';
    const { network, origin, time } = this.bus;
    network.loseSoon(origin, this.options.will as Will, network.random.between(0, VANISHED_MS));
    time.turn(() => this.listener.onClosed('cortada'));
  }

  subscribes(topic: string): boolean {
    return this.state === 'open' && this.options.filters.some(({ filter }) => matches(filter, topic));
  }

  hear(topic: string, payload: Buffer): boolean {
    if (this.state !== 'open') return false;
    this.bus.time.turn(() => this.listener.onMessage({ topic, payload, retained: false }));
    return true;
  }

  private later(leastMs: number, mostMs: number, call: () => void): void {
    const { world, random } = this.bus.network;
    world.at(world.nowMs + random.between(leastMs, mostMs), () => this.bus.time.turn(call));
  }
}

/** Whether a filter of MQTT with no `#` matches a topic. */
function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  return wanted.length === levels.length && wanted.every((level, i) => level === '+' || level === levels[i]);
}

function nothing(): void {
  // The simulation reads counters, not logs.
}
