import { createHash } from 'node:crypto';
import { ServerFaults } from '../../../src/app/laboratory/server-faults.js';
import { FleetEngine } from '../../../src/engines/fleet/engine.js';
import { MqttBus } from '../../../src/engines/fleet/bus/mqtt-bus.js';
import type { SealOptions } from '../../../src/engines/fleet/bus/seal/sealer.js';
import { defaultFleetTuning } from '../../../src/engines/fleet/replication/tuning.js';
import { externalBrokers } from '../../../src/mqtt/broker-source.js';
import { parseBrokerUrl } from '../../../src/mqtt/broker-url.js';
import { LinkCut } from '../../../src/ports/link-cut.js';
import { RecordingLogger } from '../../support/doors.js';
import type { Overheard } from '../../support/eavesdropper.js';
import { eventually } from '../../support/eventually.js';
import { realTime } from '../../support/real-time.js';
import { SeededRandom } from '../../support/sim-random.js';
import { verbs } from '../../support/verbs.js';
import { TraceReader } from './trace-reader.js';

/** One server of a fleet with a laboratory, read from its start. */
export interface LabServer {
  readonly origin: string;
  readonly engine: FleetEngine;
  readonly faults: ServerFaults;
  readonly trace: TraceReader;
  readonly logger: RecordingLogger;
}

const tuning = {
  ...defaultFleetTuning,
  ...{ joinPatienceMs: 200, presenceIntervalMs: 100, peerCooldownMs: 50, requestTimeoutMs: 200 },
};

/** Servers on one broker, all serving. */
export async function openLabFleet(
  url: string,
  fleet: string,
  seal?: () => SealOptions,
): Promise<readonly LabServer[]> {
  const servers: LabServer[] = [];
  for (const origin of ['oA', 'oB', 'oC']) {
    const logger = new RecordingLogger();
    const cut = new LinkCut(realTime, logger, { cut: 'isolado do broker', back: 'de volta ao broker' });
    const random = new SeededRandom(origin.charCodeAt(1));
    const faults = new ServerFaults({ cut, logger, time: realTime, random });
    const trace = new TraceReader(faults.trace());
    const { time } = faults;
    const brokers = externalBrokers([parseBrokerUrl(url)], undefined, cut);
    const common = { fleet, origin, time, random, logger };
    const bus = new MqttBus({ ...common, brokers, seal: seal?.(), tap: faults });
    const engine = new FleetEngine({ ...common, address: `127.0.0.1:${origin.charCodeAt(1)}`, bus, tuning });
    engine.start();
    servers.push({ origin, engine, faults, trace, logger });
    await eventually(`${origin} serves`, () => engine.member.state === 'serving');
  }
  await eventually('all see each other', () =>
    servers.every(({ engine }) => engine.member.peers.all().length === 2),
  );
  return servers;
}

/** Waits until all have the same. */
export function settle(servers: readonly LabServer[]): Promise<unknown> {
  const stateOf = ({ engine }: LabServer): string => `${engine.store.vector.digest()} ${engine.store.hash()}`;
  return eventually('all have the same', () => new Set(servers.map(stateOf)).size === 1, 20_000);
}

/** Writes some keys at each server, in turn. */
export async function writeAll(servers: readonly LabServer[], prefix: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    for (const { engine, origin } of servers) verbs(engine).insert(`${prefix}${i % 5}`, `${origin} ${i}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** As a trace would name what somebody else heard. */
export function heardMarks(heard: readonly Overheard[]): string[] {
  return heard.map(
    ({ topic, payload }) => `${topic} ${createHash('sha256').update(payload).digest('hex').slice(0, 16)}`,
  );
}
