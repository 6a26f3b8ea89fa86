import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { parseBrokerUrl } from '../../src/mqtt/broker-url.js';
import { externalBrokers } from '../../src/mqtt/broker-source.js';
import { MqttBus } from '../../src/engines/fleet/bus/mqtt-bus.js';
import type { Origin } from '../../src/core/dot.js';
import { FleetEngine } from '../../src/engines/fleet/engine.js';
import type { Bus } from '../../src/ports/bus.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import { realRandom, realTime } from './real-time.js';
import { eventually } from './eventually.js';
import { LoopbackNetwork } from './loopback-bus.js';
import { SkippingTime, type ExpiryControl } from './skipping-time.js';

// Tests need not wait as long as a fleet on a real network.
const tuning = { ...defaultFleetTuning, joinPatienceMs: 200, presenceIntervalMs: 100, peerCooldownMs: 50 };

/** How each server calls itself: the first by its address. */
const SHOWN = {
  oA: { address: '127.0.0.1:1' },
  oB: { address: '127.0.0.1:2', name: 'segundo', program: '9.9.9' },
} as const;

/** Two servers of one fleet within this process, both serving. */
export interface FleetPair {
  readonly engine: FleetEngine;
  readonly second: FleetEngine;
  /** Waits until both have the same, and raises what a server must never say. */
  settle(): Promise<void>;
  readonly expiry: ExpiryControl;
  close(): Promise<void>;
}

/** A pair on a broker within the process, that can be split. */
export async function openLoopbackPair(
  changed: Partial<FleetTuning> = {},
): Promise<FleetPair & { readonly network: LoopbackNetwork }> {
  const network = new LoopbackNetwork();
  const pair = await openPair((origin) => network.join(origin), changed);
  return { ...pair, network };
}

/** A pair on the embedded MQTT broker. */
export async function openMqttPair(): Promise<FleetPair> {
  const logger = new LogRecorder();
  const common = { time: realTime, random: realRandom, logger };
  const broker = await EmbeddedBroker.start({ ...common, host: '127.0.0.1', port: 0 });
  const brokers = externalBrokers([parseBrokerUrl(`mqtt://127.0.0.1:${String(broker.port)}`)]);
  const pair = await openPair((origin) => new MqttBus({ ...common, fleet: 'par', origin, brokers }));
  return {
    ...pair,
    close: async () => {
      await pair.close();
      await broker.stop();
    },
  };
}

async function openPair(
  join: (origin: Origin) => Bus,
  changed: Partial<FleetTuning> = {},
): Promise<FleetPair> {
  const logger = new LogRecorder();
  const time = new SkippingTime();
  const start = async (origin: 'oA' | 'oB'): Promise<FleetEngine> => {
    const common = { time, random: realRandom, logger, tuning: { ...tuning, ...changed } };
    const engine = new FleetEngine({ ...common, ...SHOWN[origin], origin, bus: join(origin) });
    engine.start();
    await eventually(`${origin} serves`, () => engine.member.state === 'serving');
    return engine;
  };
  const engine = await start('oA');
  const second = await start('oB');
  const agree = (): boolean =>
    engine.store.vector.digest() === second.store.vector.digest() &&
    engine.store.hash() === second.store.hash();
  return {
    engine,
    second,
    settle: async () => {
      await eventually('both servers have the same', agree, 20_000);
      const errors = logger.lines.filter(({ level }) => level === 'error');
      if (errors.length > 0) throw new Error(`a server said ${JSON.stringify(errors)}`);
    },
    expiry: time.expiry(),
    close: async () => {
      await Promise.all([engine.stop(), second.stop()]);
    },
  };
}
