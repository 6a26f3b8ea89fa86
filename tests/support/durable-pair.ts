import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DurableFleet } from '../../src/engines/fleet/durable-engine.js';
import { LevelJournal } from '../../src/engines/fleet/journal/level-journal.js';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import { eventually } from './eventually.js';
import { LoopbackNetwork } from './loopback-bus.js';
import { realRandom } from './real-time.js';
import { SkippingTime, type ExpiryControl } from './skipping-time.js';

/** Waits are short, and the log is folded into the state all the time. */
export const eagerTuning: FleetTuning = {
  ...defaultFleetTuning,
  joinPatienceMs: 200,
  presenceIntervalMs: 100,
  peerCooldownMs: 50,
  journalLogMutations: 20,
  journalRowsPerTurn: 16,
  journalRetryMs: 50,
};

/** Two servers of one fleet within this process, each with a journal on the disk. */
export interface DurablePair {
  readonly engine: DurableFleet;
  readonly second: DurableFleet;
  readonly network: LoopbackNetwork;
  settle(): Promise<void>;
  readonly expiry: ExpiryControl;
  /** Runs something while neither server hears the other. */
  apart(run: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

export async function openDurablePair(changed: Partial<FleetTuning> = {}): Promise<DurablePair> {
  const folder = await mkdtemp(join(tmpdir(), 'kvs-par-'));
  const network = new LoopbackNetwork();
  const logger = new LogRecorder();
  const time = new SkippingTime();
  const start = async (origin: string): Promise<DurableFleet> => {
    const journal = await LevelJournal.open(join(folder, origin), 'par', logger);
    const common = { time, random: realRandom, logger, tuning: { ...eagerTuning, ...changed } };
    const engine = new DurableFleet({ ...common, origin, address: '', bus: network.join(origin) }, journal);
    await engine.load();
    engine.start();
    await eventually(`${origin} serves`, () => engine.fleet.member.state === 'serving');
    return engine;
  };
  const engine = await start('oA');
  const second = await start('oB');
  const agree = (): boolean =>
    engine.fleet.store.vector.digest() === second.fleet.store.vector.digest() &&
    engine.fleet.store.hash() === second.fleet.store.hash();
  return {
    engine,
    second,
    network,
    settle: async () => {
      await eventually('both servers have the same', agree, 20_000);
      const errors = logger.lines.filter(({ level }) => level === 'error');
      if (errors.length > 0) throw new Error(`a server said ${JSON.stringify(errors)}`);
    },
    expiry: time.expiry(),
    apart: async (run) => {
      network.split = true;
      await run();
      network.split = false;
    },
    close: async () => {
      await Promise.all([engine.stop(), second.stop()]);
      await rm(folder, { recursive: true });
    },
  };
}
