import type { Attempt } from '../../src/core/attempt.js';
import { KvsError } from '../../src/core/errors.js';
import { DurableFleet } from '../../src/engines/fleet/durable-engine.js';
import { FleetEngine } from '../../src/engines/fleet/engine.js';
import type { Answers } from '../../src/ports/engine.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import type { PlainNetwork, SimBus } from './sim-bus.js';
import { SimJournal, type DiskFate, type SimDisk } from './sim-journal.js';
import { ServerTime } from './sim-time.js';
import { nothing, SILENT } from './silent-logger.js';
import { verbs } from './verbs.js';

/** One incarnation of a server that clients repeat their requests at, on a disk or without one. */
export class RequestServer {
  readonly engine: FleetEngine;
  readonly time: ServerTime;
  alive = true;
  private readonly bus: SimBus;
  private readonly durable: DurableFleet | undefined;
  private readonly journal: SimJournal | undefined;

  constructor(
    private readonly network: PlainNetwork,
    tuning: FleetTuning,
    readonly disk: SimDisk | undefined,
    fate: DiskFate,
  ) {
    const { world, random } = network;
    const time = new ServerTime(world, random.between(0.99, 1.01), random.between(-400, 400), nothing);
    const origin = random.name();
    this.time = time;
    this.bus = network.open(origin, time);
    const options = { origin, address: '', bus: this.bus, time, random, logger: SILENT, tuning };
    this.journal = disk && new SimJournal(disk, fate, time, () => nothing);
    this.durable = this.journal && new DurableFleet(options, this.journal);
    this.engine = this.durable?.fleet ?? new FleetEngine(options);
  }

  async start(): Promise<void> {
    await this.durable?.load();
    this.time.turn(() => (this.durable ?? this.engine).start());
  }

  /** The process is gone, with all but what is on its disk. */
  end(): void {
    this.alive = false;
    this.time.end();
    this.network.detach(this.bus);
    this.journal?.crash();
  }

  /** A write without an id, of which nobody waits for the answer. */
  insertPlainly(key: string, value: string): void {
    this.time.turn(() => {
      if (this.engine.member.state !== 'serving') return;
      if (this.durable) verbs(this.durable).insert(key, value).catch(allowed);
      else verbs(this.engine).insert(key, value);
    });
  }

  /** @param answer called unless the server dies before: with what was made, or with why nothing was (as far as it knows) */
  insert(
    key: string,
    value: string,
    attempt: Attempt,
    answer: (given: Answers['insert'] | KvsError) => void,
  ): void {
    if (this.durable) {
      const given = verbs(this.durable).insert(key, value, attempt).catch(allowed);
      void given.then((made) => {
        if (this.alive) answer(made);
      });
      return;
    }
    let given: Answers['insert'] | KvsError;
    try {
      given = verbs(this.engine).insert(key, value, attempt);
    } catch (error) {
      given = allowed(error);
    }
    answer(given);
  }
}

/** @throws whatever no server may answer with */
function allowed(error: unknown): KvsError {
  if (error instanceof KvsError && /^(SERVIDOR_.*|DISCO_.*|RESULTADO_DESCONHECIDO)$/.test(error.code))
    return error;
  throw error;
}
