import type { Time } from '../../ports/time.js';
import type { RedisCluster } from './cluster.js';
import { unavailable } from './failures.js';
import { partitionLimits } from './limits.js';

type KnownOf = (partition: number | undefined) => number;

interface Waiting {
  readonly partition: number | undefined;
  /** The time up to which everything must be known; `undefined`: the masters have not said yet. */
  readonly us: number;
  readonly resolve: () => void;
}

/** Watches that wait until what was acknowledged before they began is known: up to the time that the masters have now. */
export class LogReach {
  private readonly waiting = new Set<Waiting>();
  private asking = 0;

  constructor(
    private readonly cluster: Pick<RedisCluster, 'masterNodes' | 'nodeOf' | 'sleep'>,
    private readonly time: Time,
    private readonly onWanted: () => void,
  ) {}

  /** The latest time that somebody waits for. */
  get wanted(): number {
    let latest = -Infinity;
    for (const { us } of this.waiting) latest = Math.max(latest, us);
    return latest;
  }

  get isWaiting(): boolean {
    return this.asking + this.waiting.size > 0;
  }

  /** @throws KvsError SEM_MAIORIA */
  async reach(partition: number | undefined, knownOf: KnownOf): Promise<void> {
    const endMs = this.time.monotonicMs() + partitionLimits.logReachMs;
    this.asking++;
    try {
      const us = await this.now(partition, endMs);
      if (knownOf(partition) >= us) return;
      await this.wait(partition, us, endMs);
    } finally {
      this.asking--;
    }
  }

  /** To be called when more is known. */
  check(knownOf: KnownOf): void {
    for (const waiting of this.waiting) {
      if (knownOf(waiting.partition) < waiting.us) continue;
      this.waiting.delete(waiting);
      waiting.resolve();
    }
  }

  private wait(partition: number | undefined, us: number, endMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.time.after(Math.max(0, endMs - this.time.monotonicMs()), () => {
        this.waiting.delete(waiting);
        reject(unavailable());
      });
      const waiting: Waiting = {
        ...{ partition, us },
        resolve: () => {
          cancel();
          resolve();
        },
      };
      this.waiting.add(waiting);
      this.onWanted();
    });
  }

  /** The latest of the times of the masters. */
  private async now(partition: number | undefined, endMs: number): Promise<number> {
    for (;;) {
      const one = partition === undefined ? undefined : this.cluster.nodeOf(partition);
      const nodes = partition === undefined ? this.cluster.masterNodes() : one === undefined ? [] : [one];
      const answers = await Promise.all(nodes.map(async (node) => node.attempt(['TIME'])));
      const times = answers.flatMap((answer) => (answer.ok ? [microsIn(answer.reply)] : []));
      if (times.length > 0 && times.length === nodes.length) return Math.max(...times);
      if (this.time.monotonicMs() >= endMs) throw unavailable();
      await this.cluster.sleep(partitionLimits.pauseMsMax);
    }
  }
}

/** What `TIME` answers, in microseconds since 1970. */
export function microsIn(reply: unknown): number {
  const [seconds, micros] = reply as readonly unknown[];
  return Number(String(seconds)) * 1e6 + Number(String(micros));
}
