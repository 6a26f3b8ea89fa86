import type { Time } from '../../ports/time.js';
import { InterestIndex } from '../watching/interests.js';
import type { Interest } from '../watching/interests.js';
import type { RedisCluster } from './cluster.js';
import { unavailable } from './failures.js';
import { logName, partitionOf } from './layout.js';
import { partitionLimits } from './limits.js';
import { byTime } from './log-entry.js';
import type { LogEntry } from './log-entry.js';
import { LogPositions, placeInOne } from './log-place.js';
import type { LogsPlace } from './log-place.js';
import { LogReach } from './log-reach.js';
import { readLog } from './log-reading.js';
import { LogRoutes } from './log-routes.js';
import type { LogReader } from './log-routes.js';
import type { NodeAccess, NodeAnswer, RedisCommand } from './node.js';

/** A watch that is told of changes as they come. */
export interface LogFollower extends Interest {
  /** The next change, with the places before it and after it. */
  changed(entry: LogEntry, before: () => LogsPlace, after: () => LogsPlace): void;
  /** A log is not what it was: what was told of it may be void, and more may be missing. */
  lost(): void;
  /** It cannot go on. */
  failed(error: Error): void;
}

interface FeedDeps {
  readonly cluster: RedisCluster;
  readonly access: NodeAccess;
  readonly time: Time;
}

/**
 * The changes of all partitions, read once for all watches of this server. Those of one partition come in its order; over
 * partitions they are told by the clocks of their masters: none before all that are earlier are known. A watch of one key
 * is told when its partition is read, and needs no others.
 */
export class LogFeed implements LogReader {
  private readonly routes: LogRoutes;
  private readonly reaching: LogReach;
  /** What was read of each log; NaN: nothing yet. */
  private readonly read = new Float64Array(partitionLimits.partitions).fill(NaN);
  /** What was told of each to those who watch many keys. */
  private readonly told = new LogPositions();
  /** What was read and not told yet, since something earlier may be missing. */
  private pending: LogEntry[] = [];
  private pendingBytes = 0;
  private readonly following = new Set<LogFollower>();
  private readonly wide = new InterestIndex<LogFollower>();
  private readonly keyed = new InterestIndex<LogFollower>();
  private isRunning = false;
  private cancelLinger: (() => void) | undefined;

  constructor(private readonly deps: FeedDeps) {
    this.routes = new LogRoutes(deps, this);
    this.reaching = new LogReach(deps.cluster, deps.time, () => this.routes.wakeAll());
  }

  // ── for watches ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Waits until all that was acknowledged before this is known, of all partitions or of one.
   * @throws KvsError SEM_MAIORIA if a master does not answer in time
   */
  reach(partition: number | undefined): Promise<void> {
    this.start();
    return this.reaching.reach(partition, (of) => this.routes.knownOf(of));
  }

  /** What was told, of all partitions or of one. */
  positions(partition: number | undefined): LogPositions {
    if (partition === undefined) return this.told.copy();
    const positions = new LogPositions();
    const us = this.read[partition] as number;
    if (us > 0) positions.move(partition, us);
    return positions;
  }

  follow(follower: LogFollower): void {
    this.start();
    this.following.add(follower);
    this.indexOf(follower).add(follower, follower);
  }

  drop(follower: LogFollower): void {
    if (!this.following.delete(follower)) return;
    this.indexOf(follower).remove(follower, follower);
    if (this.following.size === 0 && this.isRunning) this.linger();
  }

  /** To be called after every look at the nodes: partitions may have other masters. */
  look(): void {
    if (this.isRunning) this.routes.look();
  }

  stop(): void {
    this.isRunning = false;
    this.cancelLinger?.();
    this.routes.stop();
    this.read.fill(NaN);
    this.pending = [];
    this.pendingBytes = 0;
  }

  // ── for the logs ───────────────────────────────────────────────────────────────────────────────────────────────

  get wanted(): number {
    return Math.max(this.reaching.wanted, this.pending.at(-1)?.us ?? -Infinity);
  }

  questions(partition: number): readonly RedisCommand[] {
    const name = logName(partition);
    const from = this.read[partition] as number;
    const count = ['COUNT', String(partitionLimits.logEntries + 1)];
    if (Number.isNaN(from)) return [['XREVRANGE', name, '+', '-', 'COUNT', '1']];
    // The last one known comes again: it shows that nothing between is forgotten.
    if (from > 0) return [['XRANGE', name, String(from), '+', ...count]];
    return [
      ['XRANGE', name, '-', '+', ...count],
      ['XINFO', 'STREAM', name],
    ];
  }

  took(partition: number, answers: readonly NodeAnswer[]): 'whole' | 'more' | 'again' {
    const from = this.read[partition] as number;
    const news = readLog(partition, from, answers);
    if (news === 'lost') {
      this.begin(partition);
      return 'again';
    }
    this.read[partition] = news.last;
    if (Number.isNaN(from)) this.told.move(partition, news.last);
    else this.tell(from, news.entries);
    return news.hasMore ? 'more' : 'whole';
  }

  turned(): void {
    if (this.hasWide) this.tellWide();
    else this.pass();
    this.reaching.check((of) => this.routes.knownOf(of));
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private start(): void {
    this.cancelLinger?.();
    if (this.isRunning) return;
    this.isRunning = true;
    this.routes.start();
  }

  private linger(): void {
    this.cancelLinger?.();
    this.cancelLinger = this.deps.time.after(partitionLimits.logLingerMs, () => {
      if (this.reaching.isWaiting) this.linger();
      else if (this.following.size === 0) this.stop();
    });
  }

  private indexOf({ key }: LogFollower): InterestIndex<LogFollower> {
    return key === undefined ? this.wide : this.keyed;
  }

  /** Whether anybody is told in the order of time, or soon will be. */
  private get hasWide(): boolean {
    return this.wide.size > 0 || this.reaching.isWaiting;
  }

  /** The log of a partition is another, or has forgotten what comes next: whoever watches it begins again. */
  private begin(partition: number): void {
    this.read[partition] = NaN;
    this.pending = this.pending.filter((entry) => entry.partition !== partition);
    this.pendingBytes = this.pending.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const follower of [...this.following]) {
      if (follower.key === undefined || partitionOf(follower.key) === partition) follower.lost();
    }
  }

  private tell(from: number, entries: readonly LogEntry[]): void {
    let last = from;
    for (const entry of entries) {
      const { partition, us } = entry;
      const before = last;
      last = us;
      this.pending.push(entry);
      this.pendingBytes += entry.bytes;
      if (!this.hasWide) this.pass();
      else if (this.pendingBytes > partitionLimits.logPendingBytes) this.giveUp();
      this.keyed.forEach(entry.key, (follower) => {
        follower.changed(
          entry,
          () => placeInOne(partition, before),
          () => placeInOne(partition, us),
        );
      });
    }
  }

  /** Nobody is to be told of what waits. */
  private pass(): void {
    for (const { partition, us } of this.pending) this.told.move(partition, us);
    this.pending = [];
    this.pendingBytes = 0;
  }

  /** A master is away for so long that too much waits for it. */
  private giveUp(): void {
    for (const follower of [...this.following])
      if (follower.key === undefined) follower.failed(unavailable());
    this.pass();
  }

  /** Tells what nothing earlier can come before any more. */
  private tellWide(): void {
    if (this.pending.length === 0) return;
    const known = this.routes.knownOf(undefined);
    this.pending.sort(byTime);
    const count = this.pending.findIndex(({ us }) => us > known);
    for (const entry of this.pending.splice(0, count < 0 ? this.pending.length : count)) {
      this.pendingBytes -= entry.bytes;
      this.tellOne(entry);
    }
  }

  private tellOne(entry: LogEntry): void {
    const { told, wide } = this;
    const interested: LogFollower[] = [];
    wide.forEach(entry.key, (follower) => interested.push(follower));
    const before = interested.length > 0 ? told.place : undefined;
    told.move(entry.partition, entry.us);
    if (before === undefined) return;
    const after = told.place;
    for (const follower of interested)
      follower.changed(
        entry,
        () => before,
        () => after,
      );
  }
}
