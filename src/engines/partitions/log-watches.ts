import { KvsError } from '../../core/errors.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { Watch, WatchEvent, WatchFigures } from '../../ports/watch.js';
import { WatchCounts } from '../watching/counts.js';
import { watchLimits } from '../watching/limits.js';
import type { RedisCluster } from './cluster.js';
import { leavingPartitions } from './failures.js';
import { LogFeed } from './log-feed.js';
import type { LogFollower } from './log-feed.js';
import { LogWatch } from './log-watch.js';
import type { LogWatchDeps } from './log-watch-deps.js';
import { partitionLimits } from './limits.js';
import type { NodeAccess } from './node.js';

interface WatchesDeps {
  readonly cluster: RedisCluster;
  readonly access: NodeAccess;
  readonly time: Time;
  readonly random: Random;
  /** Deadline for a request sent now. */
  readonly deadline: () => number;
}

/** The watches of one server. */
export class LogWatches {
  private readonly counts = new WatchCounts();
  private readonly open = new Set<LogWatch>();
  private readonly feed: LogFeed;
  private readonly forEach: LogWatchDeps;
  /** Bytes of events that wait for readers. */
  private bytes = 0;
  private walks = 0;
  private readonly waiting: (() => void)[] = [];
  private isLooking = false;
  private isStopped = false;

  constructor(private readonly deps: WatchesDeps) {
    const { cluster, time, deadline } = deps;
    this.feed = new LogFeed(deps);
    this.forEach = {
      ...{ feed: this.feed, cluster, time, deadline, counts: this.counts },
      inTurn: () => this.takeTurn(),
      queued: (bytes) => {
        this.bytes += bytes;
        return this.bytes <= watchLimits.watchAllQueueBytes;
      },
      closed: (watch) => (this.open as Set<LogFollower>).delete(watch),
    };
  }

  get figures(): WatchFigures {
    const { events, slowReaders } = this.counts;
    return { events, slowReaders, open: this.open.size, queuedBytes: this.bytes };
  }

  /** @throws KvsError LIMITE_PEDIDOS, SERVIDOR_SAINDO */
  watch(scan: Watch): AsyncIterable<WatchEvent | undefined> {
    if (this.isStopped) throw leavingPartitions();
    if (this.open.size >= watchLimits.watches) {
      throw new KvsError('LIMITE_PEDIDOS', 'este servidor já tem observações demais abertas; use outro');
    }
    const watch = new LogWatch(scan, this.forEach);
    this.open.add(watch);
    this.lookLater();
    return watch.stream;
  }

  /** To be called after every look at the nodes. */
  look(): void {
    this.feed.look();
  }

  /** Ends all watches, and refuses further ones. */
  stop(): void {
    this.isStopped = true;
    for (const watch of [...this.open]) watch.stream.fail(leavingPartitions());
    this.feed.stop();
  }

  private async takeTurn(): Promise<() => void> {
    if (this.walks >= partitionLimits.watchWalks)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.walks++;
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      const next = this.waiting.shift();
      if (next === undefined) this.walks--;
      else next();
    };
  }

  private lookLater(): void {
    if (this.isLooking || this.open.size === 0 || this.isStopped) return;
    this.isLooking = true;
    this.deps.time.after(watchLimits.watchQuietLookMs, () => {
      this.isLooking = false;
      const nowMs = this.deps.time.monotonicMs();
      const { random } = this.deps;
      for (const watch of this.open) watch.looked(nowMs, watchLimits.watchQuietMs * (1 + random.next() / 4));
      this.lookLater();
    });
  }
}
