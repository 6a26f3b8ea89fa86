import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { DiscardMutation } from '../../core/mutation.js';
import type { UpkeepDeps } from './floor-keeper.js';

/**
 * Removes entries that have expired. They are hidden from readers already, so there is no hurry: the server with the
 * lowest origin removes them, others those that it has left for long. Any number of servers may do so, since each
 * removal names exact entries: a renewal written meanwhile is another entry, and stays.
 */
export class Sweeper {
  private cancelNext: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly deps: UpkeepDeps) {}

  /** @param afterMs when to look first */
  start(afterMs = this.deps.tuning.sweepIntervalMs): void {
    this.cancelNext = this.deps.time.after(afterMs, () => this.sweep());
  }

  stop(): void {
    this.stopped = true;
    this.cancelNext?.();
  }

  private sweep(): void {
    const { store, tuning, isLowest, mayWrite, step } = this.deps;
    let isMore = false;
    const again = (): void => {
      if (!this.stopped) this.start(isMore ? tuning.sweepTurnMs : undefined);
    };
    if (store.expiringCount === 0 || !mayWrite()) {
      again();
      return;
    }
    const lateMs = isLowest() ? 0 : tuning.sweepPatienceMs;
    try {
      const done = step(() => {
        const due = store.dueDiscards(tuning.sweepKeys, lateMs);
        isMore = due.length === tuning.sweepKeys || due.some(isPart);
        return due;
      });
      if (done instanceof Promise) done.then(again, again);
      else again();
    } catch (error) {
      if (!(error instanceof KvsError)) throw error;
      again();
    }
  }
}

/** Whether a removal may have left expired entries of its key: it names as many as one can, or only what is hidden. */
function isPart({ dots }: DiscardMutation): boolean {
  return dots.length === 0 || dots.length >= limits.discardDots;
}
