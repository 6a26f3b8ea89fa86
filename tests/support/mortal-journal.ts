import { DurableFleet } from '../../src/engines/fleet/durable-engine.js';
import { LevelJournal } from '../../src/engines/fleet/journal/level-journal.js';
import type { Bus, Message } from '../../src/ports/bus.js';
import type { Checkpoint, Done, Journal, JournalReader } from '../../src/ports/journal.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import { eagerTuning } from './durable-pair.js';
import { eventually } from './eventually.js';
import { LoopbackNetwork } from './loopback-bus.js';
import { realRandom, realTime } from './real-time.js';

const tuning = { ...eagerTuning, journalLogMutations: 6, joinPatienceMs: 1 };

/** What a mortal journal says of the steps at which it may be killed. */
export const STEPS = [
  'after a group became durable, before anything was applied',
  'after a group was applied and published',
  'after a state became durable, before anything was applied',
  'after a state was applied and published',
  'before a group is written',
  'before a state is written',
] as const;

/** A journal whose process is killed at one step: from then on nothing is written and nobody is called. */
class MortalJournal implements Journal {
  private steps = 0;
  /** What it did at the step at which it was killed. */
  killedAt: string | undefined;

  constructor(
    private readonly inner: Journal,
    private readonly lastStep: number,
  ) {}

  get isOutdated(): boolean {
    return this.inner.isOutdated;
  }

  load(reader: JournalReader): Promise<void> {
    return this.inner.load(reader);
  }

  append(batches: readonly string[], done: Done): void {
    if (this.lives('before a group is written')) {
      this.inner.append(batches, (failure) => this.durable('group', () => done(failure)));
    }
  }

  checkpoint(whole: boolean): Checkpoint {
    const checkpoint = this.inner.checkpoint(whole);
    return {
      ...checkpoint,
      commit: (head, done) => {
        if (!this.lives('before a state is written')) return;
        checkpoint.commit(head, (failure) => this.durable('state', () => done(failure)));
      },
    };
  }

  recover(done: Done): void {
    this.inner.recover(done);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private durable(what: string, goOn: () => void): void {
    if (!this.lives(`after a ${what} became durable, before anything was applied`)) return;
    goOn();
    this.lives(`after a ${what} was applied and published`);
  }

  /** One step: whether the process is still there after it. */
  private lives(what: string): boolean {
    if (this.killedAt !== undefined) return false;
    if (this.steps++ !== this.lastStep) return true;
    this.killedAt = what;
    return false;
  }
}

/** A bus that remembers the last own mutation that was published. */
function watchedBus(bus: Bus): { readonly bus: Bus; published: () => number } {
  let last = 0;
  const publish = bus.publish.bind(bus);
  bus.publish = (message: Message, settled) => {
    if (message.type === 'batch') last = message.batch.first + message.batch.mutations.length - 1;
    publish(message, settled);
  };
  return { bus, published: () => last };
}

/** How a life ended. */
export interface Life {
  readonly over: 'killed' | 'done';
  readonly killedAt: string | undefined;
  /** The last own mutation that was published. */
  readonly published: number;
}

/**
 * One life of a server alone, over a folder: until it is killed at a step of its journal, or until `work` is done.
 * @param lastStep the step at which it is killed, counted from 0
 */
export async function live(
  path: string,
  origin: string,
  lastStep: number,
  work: (engine: DurableFleet) => Promise<unknown>,
): Promise<Life> {
  const level = await LevelJournal.open(path, 'passos', new LogRecorder());
  const journal = new MortalJournal(level, lastStep);
  const { bus, published } = watchedBus(new LoopbackNetwork().join(origin));
  const engine = await open(origin, bus, journal);
  const all = work(engine).then(() => engine.journalWriter.settled());
  const over = await eventually('it ended', async () => {
    if (journal.killedAt !== undefined) return 'killed';
    return Promise.race([
      all.then(() => 'done' as const),
      new Promise<false>((go) => setImmediate(() => go(false))),
    ]);
  });
  // The engine is left alone: its process would be gone.
  await level.close();
  return { over, killedAt: journal.killedAt, published: published() };
}

/** The next server over the same folder, serving. */
export async function reborn(path: string, origin: string): Promise<DurableFleet> {
  const journal = await LevelJournal.open(path, 'passos', new LogRecorder());
  return open(origin, new LoopbackNetwork().join(origin), journal);
}

async function open(origin: string, bus: Bus, journal: Journal): Promise<DurableFleet> {
  const common = { time: realTime, random: realRandom, logger: new LogRecorder(), tuning };
  const engine = new DurableFleet({ ...common, origin, address: '', bus }, journal);
  await engine.load();
  engine.start();
  await eventually('it serves', () => engine.fleet.member.state === 'serving');
  return engine;
}
