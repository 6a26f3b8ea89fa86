import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Mutation } from '../../core/mutation.js';
import type { Store } from '../../core/store.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Time } from '../../ports/time.js';
import { chooseFloor } from './floor-choice.js';
import type { FleetTuning } from './replication/tuning.js';

/** What a server's upkeep needs of the rest of the engine. */
export interface UpkeepDeps {
  readonly store: Store;
  readonly time: Time;
  readonly tuning: FleetTuning;
  /** Whether this server has the lowest origin of those that it sees serve. */
  readonly isLowest: () => boolean;
  /** Whether this server serves, and every peer that it knows understands what upkeep writes. */
  readonly mayWrite: () => boolean;
  /**
   * Carries out mutations as one step, by the ordinary road of a write. They are planned when the step is decided.
   * @throws KvsError (or rejects with one) if it cannot do so now
   */
  readonly step: (plan: () => readonly Mutation[]) => Awaitable<void>;
}

/**
 * Raises the floors of the parts of the key space when too many keys are kept for their counters alone, so that they
 * are forgotten everywhere. The server with the lowest origin does it, one part at a time; others only if it has not
 * for long. Several that do it are harmless, since a floor never passes a counter that some insert made.
 */
export class FloorKeeper {
  private cancelNext: (() => void) | undefined;
  /** Parts that this round still has to look at. */
  private left = 0;
  private part = 0;
  private roundAtMs: number;

  constructor(private readonly deps: UpkeepDeps) {
    this.roundAtMs = deps.time.monotonicMs();
  }

  start(): void {
    const { time, tuning } = this.deps;
    this.cancelNext = time.after(this.left > 0 ? tuning.floorTurnMs : tuning.floorIntervalMs, () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.cancelNext?.();
  }

  private look(): void {
    const { tuning, mayWrite } = this.deps;
    if (!mayWrite()) return;
    if (this.left === 0) {
      if (!this.isDue()) return;
      this.left = limits.parts;
      this.roundAtMs = this.deps.time.monotonicMs();
    }
    const ofPart = Math.ceil(this.deps.store.keyCount / limits.parts);
    const parts = Math.min(tuning.floorPartsPerTurn, Math.ceil(tuning.floorKeysPerTurn / (ofPart + 1)));
    for (let i = 0; i < parts && this.left > 0; i++) {
      this.left--;
      this.part = (this.part + 1) % limits.parts;
      if (!this.raise(this.part)) {
        this.left = 0;
        return;
      }
    }
  }

  private isDue(): boolean {
    const { store, time, tuning, isLowest } = this.deps;
    const empty = store.emptyKeyCount;
    if (empty === 0) return false;
    const afterMs = tuning.floorAfterMs * (isLowest() ? 1 : 2);
    if (afterMs > 0 && time.monotonicMs() - this.roundAtMs > afterMs) return true;
    const most =
      store.keyCount > tuning.floorManyKeys
        ? tuning.floorEmptyKeys / 10
        : Math.max(tuning.floorEmptyKeys, store.keyCount - empty);
    return empty > most * (isLowest() ? 1 : 2);
  }

  /** Raises the floor of a part, if that forgets keys. @returns whether this server can write */
  private raise(part: number): boolean {
    const { step } = this.deps;
    try {
      const done = step(() => this.plan(part));
      if (done instanceof Promise) done.catch(() => undefined);
      return true;
    } catch (error) {
      if (!(error instanceof KvsError)) throw error;
      return false;
    }
  }

  private plan(part: number): readonly Mutation[] {
    const { store, tuning } = this.deps;
    const floor = chooseFloor(store.emptyKeysOf(part), store.floors.get(part), store.clock.nowMs(), tuning);
    return floor === undefined ? [] : [{ kind: 'raiseFloor', part, ...floor }];
  }
}
