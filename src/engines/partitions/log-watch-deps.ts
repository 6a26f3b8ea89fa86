import type { Time } from '../../ports/time.js';
import type { WatchCounts } from '../watching/counts.js';
import type { PartitionCaller } from './caller.js';
import type { LogFeed, LogFollower } from './log-feed.js';

/** What one watch needs of its server. */
export interface LogWatchDeps {
  readonly feed: LogFeed;
  readonly cluster: PartitionCaller;
  readonly deadline: () => number;
  readonly time: Time;
  readonly counts: WatchCounts;
  /** Runs what reads much, a few at a time. */
  inTurn(): Promise<() => void>;
  /** Called with every change of the bytes that wait for the reader. @returns whether there is room for more */
  queued(bytes: number): boolean;
  /** Called once, when it is over. */
  closed(watch: LogFollower): void;
}
