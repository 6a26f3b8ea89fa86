import type { Time } from '../../ports/time.js';
import type { PartitionCaller } from './cluster.js';
import { partitionLimits } from './limits.js';

/**
 * Relieves the partitions of what has expired, one after the other: readers do not find it any more, but it takes room.
 * Several servers that do it do no harm.
 */
export class PartitionSweeper {
  private cancel: (() => void) | undefined;
  private isStopped = false;
  private next = 0;

  constructor(
    private readonly cluster: PartitionCaller,
    private readonly time: Time,
    private readonly deadline: () => number,
  ) {}

  start(): void {
    if (this.isStopped) return;
    this.cancel = this.time.after(partitionLimits.sweepMs, () => void this.sweep());
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  /** Never rejects: what cannot be swept now is swept the next time. */
  private async sweep(): Promise<void> {
    const partition = this.next;
    this.next = (this.next + 1) % partitionLimits.partitions;
    const options = { deadline: this.deadline(), isRepeatable: true };
    await this.cluster.call('remove', partition, ['sweep', ''], options).catch(() => undefined);
    this.start();
  }
}
