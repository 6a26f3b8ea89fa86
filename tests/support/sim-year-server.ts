import { KvsError } from '../../src/core/errors.js';
import { DurableFleet } from '../../src/engines/fleet/durable-engine.js';
import { FleetEngine } from '../../src/engines/fleet/engine.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import type { KeyWrite } from '../../src/ports/engine.js';
import type { PlainNetwork, SimBus } from './sim-bus.js';
import { SimJournal, type DiskFate, type SimDisk } from './sim-journal.js';
import { ServerTime } from './sim-time.js';
import { nothing, SILENT } from './silent-logger.js';
import type { GivenNumbers } from './sim-year-load.js';

/** One incarnation of a server of the simulated year: nothing is checked but the numbers that it gives. */
export class YearServer {
  readonly engine: FleetEngine;
  readonly time: ServerTime;
  alive = true;
  private readonly bus: SimBus;
  private readonly durable: DurableFleet | undefined;
  private readonly journal: SimJournal | undefined;

  /** @param disk where it has one */
  constructor(
    private readonly network: PlainNetwork,
    tuning: FleetTuning,
    numbers: GivenNumbers,
    fate: DiskFate,
    readonly disk: SimDisk | undefined,
  ) {
    const { world, random } = network;
    const time = new ServerTime(
      world,
      random.between(1 - 1e-7, 1 + 1e-7),
      random.between(-400, 400),
      nothing,
    );
    const origin = random.name();
    this.time = time;
    this.bus = network.open(origin, time);
    const options = { origin, address: '', bus: this.bus, time, random, logger: SILENT, tuning };
    this.journal = disk && new SimJournal(disk, fate, time, () => nothing);
    this.durable = this.journal && new DurableFleet(options, this.journal);
    const engine = (this.engine = this.durable?.fleet ?? new FleetEngine(options));
    const accept = engine.accept.bind(engine);
    engine.accept = (mutation) => {
      numbers.note(engine.store, origin, mutation);
      accept(mutation);
    };
  }

  async start(): Promise<void> {
    await this.durable?.load();
    this.time.turn(() => (this.durable ?? this.engine).start());
  }

  get isServing(): boolean {
    return this.alive && this.engine.member.state === 'serving';
  }

  /** Whether all that was written here is on its disk, if it has one. */
  get isSettled(): boolean {
    return this.durable?.journalWriter.isIdle ?? true;
  }

  /** Writes in one turn, unless that is refused; nobody waits for the answers. */
  write(writes: readonly KeyWrite[]): void {
    this.time.turn(() => {
      for (const write of writes) this.writeOne(write);
    });
  }

  private writeOne(write: KeyWrite): void {
    if (this.durable) {
      this.durable.write(write).catch((error: unknown) => this.assertRefusal(error));
      return;
    }
    try {
      this.engine.write(write);
    } catch (error) {
      this.assertRefusal(error);
    }
  }

  /** Leaves in order. */
  async stop(): Promise<void> {
    await (this.durable ?? this.engine).stop();
    this.end();
  }

  /** The process is gone, with all but what is on its disk. */
  end(): void {
    this.alive = false;
    this.time.end();
    this.network.detach(this.bus);
    this.journal?.crash();
  }

  private assertRefusal(error: unknown): void {
    if (error instanceof KvsError && /^(SERVIDOR_.*|DISCO_.*)$/.test(error.code)) return;
    this.time.fail(error instanceof Error ? error : new Error(String(error)));
  }
}
