import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DurableFleet } from '../../src/engine/durable-fleet.js';
import { LevelJournal } from '../../src/journal/level-journal.js';
import type { Bus, Message } from '../../src/ports/bus.js';
import type { Engine } from '../../src/ports/engine.js';
import type { Checkpoint, Done, Journal, JournalReader } from '../../src/ports/journal.js';
import { LogRecorder } from '../bus/support.js';
import { eagerTuning } from '../support/durable-pair.js';
import { eventually } from '../support/eventually.js';
import { LoopbackNetwork } from '../support/loopback-bus.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { realRandom, realTime } from '../support/real-time.js';

/** A journal whose process is killed at one step: from then on nothing is written and nobody is called. */
class MortalJournal implements Journal {
  private steps = 0;
  /** What it did at the step at which it was killed. */
  killedAt: string | undefined;

  constructor(
    private readonly inner: Journal,
    private readonly lastStep: number,
  ) {}

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
      commit: (vector, done) => {
        if (!this.lives('before a state is written')) return;
        checkpoint.commit(vector, (failure) => this.durable('state', () => done(failure)));
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

type Operation = (engine: Engine) => unknown;

const KEYS = ['alfa', 'beta\0', 'gama\0\u0001', '\ud800 só', '😀'];

/** Inserts, repeated and mixed with each kind of removal, over few keys: forty writes. */
const SCRIPT: readonly Operation[] = Array.from({ length: 40 }, (_, i): Operation => {
  const key = KEYS[(i * 7) % KEYS.length]!;
  switch (i % 8) {
    case 3:
      return (engine) => engine.removeAll(key);
    case 5:
      return (engine) => engine.trim(key);
    case 6:
      return (engine) => engine.put(key, `posto ${i}`);
    default:
      return (engine) => engine.insert(key, `valor ${i}`);
  }
});

/** Everything that readers can see, and the version that comes next. */
async function seen(engine: Engine): Promise<string> {
  const all: string[] = [];
  for (const key of KEYS) {
    const rows: string[] = [];
    for (let version = 1; version <= SCRIPT.length; version++) {
      const row = await engine.query(key, version);
      if (row?.version === version) rows.push(`${version}=${row.value}`);
    }
    all.push(`${JSON.stringify(key)}: ${rows.join(' ')}`);
  }
  return all.join('\n');
}

/** What is seen after each number of operations. */
async function truths(): Promise<readonly string[]> {
  const model = new MemoryEngine();
  const after = [await seen(model)];
  for (const operation of SCRIPT) {
    await operation(model);
    after.push(await seen(model));
  }
  return after;
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

describe('kill at each step of the road of a mutation', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-passos-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const tuning = { ...eagerTuning, journalLogMutations: 6, joinPatienceMs: 1 };

  /** One life: how many operations were answered in order, and what was published. */
  async function live(path: string, origin: string, lastStep: number, atOnce: boolean) {
    const level = await LevelJournal.open(path, 'passos', new LogRecorder());
    const journal = new MortalJournal(level, lastStep);
    const { bus, published } = watchedBus(new LoopbackNetwork().join(origin));
    const common = { time: realTime, random: realRandom, logger: new LogRecorder(), tuning };
    const engine = new DurableFleet({ ...common, origin, address: '', bus }, journal);
    await engine.load();
    engine.start();
    await eventually('it serves', () => engine.fleet.member.state === 'serving');
    // One that has nothing to do is answered before those that wait for the disk: what counts is an unbroken row.
    const answers = SCRIPT.map(() => false);
    const ask = async (operation: Operation, i: number): Promise<void> => {
      await operation(engine);
      answers[i] = true;
    };
    const all = (async () => {
      if (atOnce) await Promise.all(SCRIPT.map(ask));
      else for (const [i, operation] of SCRIPT.entries()) await ask(operation, i);
      await engine.keeper.settled();
    })();
    const over = await eventually('it ended', async () => {
      if (journal.killedAt !== undefined) return 'killed';
      return Promise.race([
        all.then(() => 'done'),
        new Promise<false>((go) => setImmediate(() => go(false))),
      ]);
    });
    // The engine is left alone: its process would be gone.
    await level.close();
    const unanswered = answers.indexOf(false);
    const answered = unanswered < 0 ? SCRIPT.length : unanswered;
    return { over, killedAt: journal.killedAt, answered, published: published() };
  }

  it.each([
    ['one after the other', false],
    ['all at once', true],
  ])(
    'loses nothing answered and nothing published: %s',
    async (_, atOnce) => {
      const expected = await truths();
      const killedAt = new Set<string>();
      for (let step = 0, finished = false; !finished; step++) {
        const path = join(folder, String(step));
        const life = await live(path, 'oMorto', step, atOnce);
        finished = life.over === 'done';
        if (life.killedAt !== undefined) killedAt.add(life.killedAt);
        const next = await LevelJournal.open(path, 'passos', new LogRecorder());
        const common = { time: realTime, random: realRandom, logger: new LogRecorder(), tuning };
        const bus = new LoopbackNetwork().join('oNovo');
        const after = new DurableFleet({ ...common, origin: 'oNovo', address: '', bus }, next);
        await after.load();
        after.start();
        await eventually('the next serves', () => after.fleet.member.state === 'serving');
        const where = `step ${step}, ${life.killedAt ?? 'not killed'}`;
        const found = await seen(after);
        expect(expected.slice(finished ? -1 : life.answered), where).toContain(found);
        expect(after.fleet.store.vector.seqOf('oMorto'), where).toBeGreaterThanOrEqual(life.published);
        // And it can go on from there.
        for (const key of KEYS) await after.insert(key, 'segue');
        await after.stop();
      }
      expect([...killedAt].sort()).toEqual([
        'after a group became durable, before anything was applied',
        'after a group was applied and published',
        'after a state became durable, before anything was applied',
        'after a state was applied and published',
        'before a group is written',
        'before a state is written',
      ]);
    },
    60_000,
  );
});
