import { limits } from '../../src/core/limits.js';
import type { Mutation } from '../../src/core/mutation.js';
import type { Store } from '../../src/core/store.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { partOf, Violation } from './oracle.js';
import { isSameDot, newestOf } from './oracle-view.js';
import type { FleetChecker } from './sim-checkers.js';
import type { SeededRandom } from './sim-random.js';
import { SimScan } from './sim-scan.js';
import type { SimServer } from './sim-server.js';

/** What a run went through of expiry, floors and retention. */
export interface LifeCounts {
  /** Inserts that expire, and those of keys that had a value that expires. */
  expiring: number;
  renewals: number;
  /** Discards of the engine's own sweeper, and those that were forced. */
  sweeps: number;
  forcedSweeps: number;
  /** Discards that marked something as passed. */
  passed: number;
  /** Raises of floors by the engine's own keeper, and those that were forced. */
  raises: number;
  forcedRaises: number;
  retentions: number;
  /** Keys that were forgotten, and slots that were used again. */
  forgotten: number;
  reused: number;
  /** Transfers that skipped a part with a floor. */
  skippedFloors: number;
  /** Scans read to their end, of these with slots used again meanwhile, and those that were told to begin again. */
  scans: number;
  scansOverReuse: number;
  scansEnded: number;
  /** Values that sessions saw before and found expired. */
  seenExpired: number;
}

export function noLife(): LifeCounts {
  return {
    ...{ expiring: 0, renewals: 0, sweeps: 0, forcedSweeps: 0, passed: 0, raises: 0, forcedRaises: 0 },
    ...{ retentions: 0, forgotten: 0, reused: 0, skippedFloors: 0, scans: 0, scansOverReuse: 0 },
    ...{ scansEnded: 0, seenExpired: 0 },
  };
}

const TTLS_MS = [50, 300, 1_000, 4_000];
const SCANS_MAX = 4;

/** Expiry, floors and retention in a run: what the engine does by itself, and the same forced at any server. */
export class Life {
  private scans: SimScan[] = [];

  constructor(
    private readonly random: SeededRandom,
    private readonly fleet: FleetChecker,
    private readonly keys: readonly string[],
  ) {}

  get counts(): LifeCounts {
    return this.fleet.life;
  }

  /** One thing at one server, in a turn of its event loop. */
  operate(server: SimServer, newValue: () => string): void {
    const { random } = this;
    const { store } = server.engine;
    const key = random.pick(this.keys);
    const kind = random.next();
    if (kind < 0.45) {
      const isRenewal = store.getAt(key)?.expiresAt !== undefined;
      this.counts.renewals += Number(isRenewal);
      server.insert(key, newValue(), random.pick(TTLS_MS));
    } else if (kind < 0.6) this.force(server, () => this.sweep(store));
    else if (kind < 0.8) this.force(server, () => this.raise(store, key));
    else if (kind < 0.9) this.force(server, () => this.retain(store, key));
    else this.scan(server);
  }

  /** Reads on in scans that are open, a few rows each. */
  readOn(): void {
    const { random } = this;
    this.scans = this.scans.filter((scan) => !random.chance(0.3) || scan.read(random.int(1, 3)));
  }

  private scan(server: SimServer): void {
    if (this.scans.length >= SCANS_MAX || server.engine.member.state !== 'serving') return;
    this.scans.push(new SimScan(server.engine, this.fleet));
  }

  /** As the engine's own upkeep does, and refused as that. */
  private force(server: SimServer, plan: () => readonly Mutation[]): void {
    if (!server.engine.member.mayUseAll) return;
    server.step(plan);
  }

  private sweep(store: Store): readonly Mutation[] {
    const due = store.dueDiscards(this.random.int(1, 3));
    this.counts.forcedSweeps += due.length;
    return due;
  }

  /** To any version and timestamp up to those of the part's keys. */
  private raise(store: Store, key: string): readonly Mutation[] {
    const { random } = this;
    const part = partOf(key);
    const floor = store.floors.get(part);
    const ofPart = [...store.fragments()].filter((fragment) => partOf(fragment.key) === part);
    const upTo = (most: number): number => (random.chance(0.6) ? most : random.int(0, most));
    const version = upTo(Math.max(floor.version, ...ofPart.map((one) => one.greatestVersion)));
    const timestamp = upTo(Math.max(floor.timestamp, ...ofPart.map((one) => one.greatestTimestamp)));
    if (version === 0 && timestamp === 0) return [];
    const mutation = {
      kind: 'raiseFloor' as const,
      part,
      version: random.chance(0.1) ? 0 : version,
      timestamp: random.chance(0.1) ? 0 : timestamp,
      paceMs: random.chance(0.5) ? floor.paceMs : timestamp,
    };
    this.fleet.intents.set(mutation, { isForced: true });
    this.counts.forcedRaises++;
    return [mutation];
  }

  /** The last one or two in the order of time stay. */
  private retain(store: Store, key: string): readonly Mutation[] {
    const keeps = this.random.int(1, 2);
    const before = store.vector.entries();
    const nowMs = store.clock.nowMs();
    const { oracle } = this.fleet;
    // As the keeper of the retention has the engine do it, perhaps a part of it only.
    const most = this.random.chance(0.3) ? 1 : limits.discardDots;
    const mutation = store.key(key).removalBeyond({ versions: keeps }, nowMs, most);
    const newest = newestOf(oracle.entriesAt(before, key), nowMs);
    const beyond = oracle
      .retention(before, key, keeps, nowMs)
      .filter((entry) => newest === undefined || !isSameDot(entry, newest));
    const due = beyond.slice(0, most).map(({ origin, seq }) => ({ origin, seq }));
    if (JSON.stringify(mutation?.dots ?? []) !== JSON.stringify(due))
      throw new Violation(
        `a retention of ${key} takes ${JSON.stringify(mutation)}, not ${JSON.stringify(due)}`,
      );
    if (mutation === undefined) return [];
    this.fleet.intents.set(mutation, { keeps });
    this.counts.retentions++;
    return [mutation];
  }
}

/** A sweeper and a keeper of floors that are never far, and limits that a few keys reach. */
export function hostileUpkeep(random: SeededRandom): Partial<FleetTuning> {
  return {
    sweepIntervalMs: random.pick([50, 300, 1_000]),
    sweepTurnMs: 5,
    sweepKeys: random.pick([1, 3, 256]),
    sweepPatienceMs: random.pick([100, 1_000]),
    floorEmptyKeys: random.pick([0, 0, 2]),
    floorAfterMs: random.pick([0, 500]),
    floorIntervalMs: random.pick([100, 500]),
    floorPartsPerTurn: random.pick([128, 1_024]),
    floorTurnMs: random.pick([5, 40]),
    floorNumbers: random.pick([2, 64]),
    floorWindowMs: random.pick([2_000, 600_000]),
  };
}
