import { defaultSealTuning, type SealTuning } from '../../src/engines/fleet/bus/seal/tuning.js';
import { defaultFleetTuning, type FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import type { DiskFate } from './sim-journal.js';
import type { Weather } from './sim-network.js';
import type { SeededRandom } from './sim-random.js';

/** Small in everything, so that logs are short, pages many, and patience shorter than the trouble. */
export function hostileTuning(random: SeededRandom): FleetTuning {
  const presenceIntervalMs = random.pick([200, 300, 300, 1_000]);
  return {
    ...defaultFleetTuning,
    logBatches: random.pick([2, 2, 2, 3, 6]),
    heldBatches: random.pick([1, 3, 10]),
    pageBytes: random.pick([400, 400, 1_000, 4_000]),
    batchMutations: random.pick([1, 3, 4096]),
    outboxBatches: random.pick([1, 2]),
    outboxQueuedBatches: random.pick([1, 3]),
    stageReplayMutations: random.pick([5, 1_000]),
    presenceEntries: random.pick([2, 64]),
    presenceIntervalMs,
    peerSilentMs: 5 * presenceIntervalMs,
    repairPatienceMs: random.pick([5, 50]),
    requestTimeoutMs: random.pick([50, 200]),
    joinPatienceMs: 400,
    joinGiveUpMs: 2_000,
    handOverMs: 500,
    peerCooldownMs: random.pick([50, 150]),
    pageRetries: random.pick([0, 2]),
    greetingJitterMs: 10,
    // Mostly so few that vectors travel by difference, and in so small pages that they are torn.
    wholeVectorEntries: random.pick([0, 2, 2, 4, 256]),
    vectorRecents: random.pick([0, 1, 64]),
    openingRecents: random.pick([0, 1, 2, 1_024]),
    vectorPageEntries: random.pick([1, 1, 2, 1_000]),
    vectorTries: random.pick([1, 8]),
  };
}

/** Few suspects, few batches that wait for them, challenges that are given up and asked again soon. */
export function hostileSealTuning(random: SeededRandom): SealTuning {
  return {
    ...defaultSealTuning,
    sealKeysKept: random.pick([1, 5, 1_024]),
    suspects: random.pick([2, 5, 16_384]),
    challengeTimeoutMs: random.pick([50, 500, 2_000]),
    challengeRetryMs: random.pick([50, 250, 1_000]),
    challengeRetryCapMs: random.pick([1_000, 4_000]),
    challengesAtOnce: random.pick([20, 1_000]),
    challengesPerSecond: random.pick([100, 1_000]),
    unverifiedBatches: random.pick([1, 5, 256]),
    unverifiedBytes: random.pick([500, 5_000, defaultSealTuning.unverifiedBytes]),
  };
}

/** Some loss, some repetition, some delay. */
export function randomWeather(random: SeededRandom): Weather {
  const delayMaxMs = random.pick([3, 30, 150, 600]);
  return {
    lossMax: random.pick([0, 0.1, 0.3]),
    duplication: random.pick([0, 0.2, 0.5]),
    delayMinMs: 0.1,
    delayMaxMs,
    reorders: random.chance(0.7),
  };
}

/** Groups of a few, a state after every few writes, a memory for changes that overflows. */
export function hostileJournal(random: SeededRandom): Partial<FleetTuning> {
  return {
    journalGroupMutations: random.pick([1, 3, 4096]),
    journalReceivedBytes: random.pick([300, 100_000]),
    journalLogMutations: random.pick([0, 2, 10, 1_000]),
    journalLogBytes: random.pick([500, 100_000]),
    journalChangedRows: random.pick([4, 30, 10_000]),
    journalRowsPerTurn: random.pick([1, 3, 1_000]),
    journalRetryMs: 100,
  };
}

/** What the disks of a run do. */
export class Fate implements DiskFate {
  full = false;
  slowMs = 5;

  constructor(private readonly random: SeededRandom) {}

  delaysMs(): readonly [number, number] {
    return [this.random.between(0, this.slowMs), this.random.between(0, this.slowMs)];
  }

  leavesGhost(): boolean {
    return this.random.chance(0.4);
  }
}
