import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { Violation } from './oracle.js';
import type { FleetChecker } from './sim-checkers.js';
import type { SeededRandom } from './sim-random.js';
import type { SimServer } from './sim-server.js';
import { promisesSettled } from './sim-time.js';
import { SimWatcher } from './sim-watcher.js';
import { noWatchCounts, type WatchCounts } from './watch-counts.js';

/** What the watches of a run went through. */
export interface WatchingCounts extends WatchCounts {
  /** Connections to a server other than the one before, with a token. */
  moves: number;
  /** Connections that were cut, by whom whatever, and ends by error. */
  ends: number;
  slow: number;
  ahead: number;
  /** Readers that were told everything to the end. */
  finished: number;
}

export function noWatchingCounts(): WatchingCounts {
  return { ...noWatchCounts(), ...{ moves: 0, ends: 0, slow: 0, ahead: 0, finished: 0 } };
}

const FINISH_MS = 60_000;

/** The readers of a run, who come and go and read as they like. */
export class SimWatching {
  readonly counts = noWatchingCounts();
  private readonly watchers: readonly SimWatcher[];
  private isFinishing = false;

  constructor(
    private readonly random: SeededRandom,
    fleet: FleetChecker,
    tuning: FleetTuning,
    keys: readonly string[],
    count: number,
  ) {
    const mayStartOver = tuning.watchTokenDots < MANY_DOTS;
    this.watchers = Array.from({ length: count }, (_, i) => {
      const name = `reader ${i + 1}`;
      const { counts } = this;
      const forgetsRemovals = tuning.watchRemovedBytes < FEW_BYTES;
      return new SimWatcher(random, { fleet, keys, name, counts, mayStartOver, forgetsRemovals });
    });
  }

  /** Whether somebody waits for a first word. */
  get isWaiting(): boolean {
    return this.watchers.some((watcher) => watcher.isWaiting);
  }

  /** To be called after a stretch of time: some come, some go, some read. */
  async turn(alive: readonly SimServer[]): Promise<void> {
    if (this.watchers.length === 0 || this.isFinishing) return;
    const { random } = this;
    const serving = alive.filter(({ engine }) => engine.member.state === 'serving');
    for (const watcher of this.watchers) {
      watcher.noteDead();
      if (watcher.isConnected && random.chance(0.12)) watcher.leave();
      if (!watcher.isConnected && serving.length > 0 && random.chance(0.6))
        watcher.connect(random.pick(serving));
      // Some readers take little, so that events wait for them.
      await watcher.read(random.chance(0.3) ? 0 : random.chance(0.5) ? 1 : 100);
    }
  }

  /** At the end, when all servers are equal and nobody writes: every reader gets all that it lacks. */
  async finish(alive: readonly SimServer[], advance: (ms: number) => Promise<void>): Promise<void> {
    this.isFinishing = true;
    for (const watcher of this.watchers) {
      for (let waitedMs = 0; !(await watcher.finish(this.random.pick(alive))); waitedMs += 100) {
        if (waitedMs > FINISH_MS) throw new Violation(`${watcher.name} is never up to date`);
        await advance(100);
        await promisesSettled();
      }
      this.counts.finished++;
    }
  }
}

/** Memory for removals that a run exceeds. */
const FEW_BYTES = 1_000;
/** So many dots that a simulated fleet never has as many. */
const MANY_DOTS = 64;

/** Queues of one, states that are walked through, logs of a few: whoever reads falls behind. */
export function hostileWatches(random: SeededRandom, tuning: FleetTuning): Partial<FleetTuning> {
  const watchQueueEvents = random.pick([1, 2, 256]);
  return {
    watchQueueEvents,
    watchFillEvents: random.pick([1, watchQueueEvents]),
    watchFillBytes: random.pick([1, 10_000]),
    watchMutationsPerTurn: random.pick([1, 4_096]),
    watchQuietMs: random.pick([300, 5_000]),
    watchQuietLookMs: 100,
    watchPresentLines: random.pick([0, 2, 1_024]),
    watchWalks: random.pick([1, 8]),
    watchWalkIdleMs: random.pick([500, 30_000]),
    watchRemovedBytes: random.pick([64, 1_000_000, 1_000_000, 1_000_000]),
    watchMarkBatches: random.pick([1, 2, 256]),
    watchResumeWaitMs: 2 * tuning.presenceIntervalMs,
    watchTokenDots: random.pick([2, 512, 512, 512]),
  };
}
