import { KvsError } from '../../core/errors.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { Watch, WatchEvent, WatchFigures } from '../../ports/watch.js';
import { WatchCounts } from '../watching/counts.js';
import { stopping } from './etcd-client.js';
import type { EtcdClient } from './etcd-client.js';
import type { EtcdKeySpace } from './etcd-key-space.js';
import type { Expired } from './expired.js';
import { replicaWatchLimits } from './limits.js';
import { presentPages } from './present-lines.js';
import { ReplicaWatch } from './replica-watch.js';
import type { ReplicaWatchDeps } from './replica-watch.js';
import type { ConsensusTuning } from './tuning.js';
import { ReplicaPast } from './watch-past.js';
import { WatchStreams } from './watch-streams.js';

interface WatchesDeps {
  readonly client: EtcdClient;
  readonly space: EtcdKeySpace;
  readonly expired: Expired;
  readonly time: Time;
  readonly random: Random;
  readonly tuning: ConsensusTuning;
  readonly logger: Logger;
  /** Deadline for a request sent now. */
  readonly deadline: () => number;
}

/** The watches of one server. */
export class ReplicaWatches {
  private readonly counts = new WatchCounts();
  private readonly open = new Set<ReplicaWatch>();
  private readonly streams: WatchStreams;
  private readonly forEach: ReplicaWatchDeps;
  /** Bytes of changes that wait for readers. */
  private bytes = 0;
  private isStopped = false;

  constructor(deps: WatchesDeps) {
    const { space, expired, time, random, tuning, deadline } = deps;
    this.streams = new WatchStreams(deps);
    const rows = replicaWatchLimits.readyAtOnce;
    this.forEach = {
      streams: this.streams,
      past: new ReplicaPast({ client: space, time, random, deadline }),
      time,
      retryMs: tuning.watchRetryMs,
      present: (range, revision) => presentPages({ client: space, expired, deadline, rows }, range, revision),
      queued: (bytes) => {
        this.bytes += bytes;
        return this.bytes <= replicaWatchLimits.allQueueBytes;
      },
      counts: this.counts,
      closed: (watch) => this.open.delete(watch),
    };
  }

  get figures(): WatchFigures {
    const { events, slowReaders } = this.counts;
    return { events, slowReaders, open: this.open.size, queuedBytes: this.bytes };
  }

  /** @throws KvsError LIMITE_PEDIDOS */
  watch(scan: Watch): AsyncIterable<WatchEvent | undefined> {
    if (this.isStopped) throw stopping();
    if (this.open.size >= replicaWatchLimits.watches) {
      throw new KvsError('LIMITE_PEDIDOS', 'este servidor já tem observações demais abertas; use outro');
    }
    const watch = new ReplicaWatch(scan, this.forEach);
    this.open.add(watch);
    return watch.stream;
  }

  /** Ends all watches. */
  stop(): void {
    this.isStopped = true;
    for (const watch of [...this.open]) watch.stream.fail(stopping());
    this.streams.stop();
  }
}
