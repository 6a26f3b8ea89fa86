import type { Time } from '../../ports/time.js';
import type { PartitionCaller } from './caller.js';
import { partitionOf } from './layout.js';
import { partitionLimits } from './limits.js';

/**
 * Relieves the partitions of what has expired, one after the other, and those sooner of which it knows when something
 * expires: readers do not find it any more, but it takes room, and watches are told once it is removed. Several servers that
 * do it do no harm.
 */
export class PartitionSweeper {
  private cancel: (() => void) | undefined;
  private isStopped = false;
  private next = 0;
  /** When something of each partition expires, by the monotonic clock, as far as it is known. */
  private readonly due = new Float64Array(partitionLimits.partitions).fill(Infinity);

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

  /** A value of this key is written that expires after so long. */
  expect(key: string, ttlMs: number): void {
    this.note(partitionOf(key), ttlMs + partitionLimits.sweepSlackMs);
  }

  /** Never rejects: what cannot be swept now is swept the next time. */
  private async sweep(): Promise<void> {
    const nowMs = this.time.monotonicMs();
    const partitions = [this.next];
    this.next = (this.next + 1) % partitionLimits.partitions;
    for (const [partition, dueMs] of this.due.entries()) {
      if (dueMs <= nowMs && partitions.length < partitionLimits.sweptAtOnce) partitions.push(partition);
    }
    await Promise.all(partitions.map((partition) => this.sweepOne(partition)));
    this.start();
  }

  private async sweepOne(partition: number): Promise<void> {
    this.due[partition] = Infinity;
    const options = { deadline: this.deadline(), isRepeatable: true };
    try {
      const reply = await this.cluster.call('remove', partition, ['sweep', ''], options);
      const [, restMs] = reply as readonly [number, number];
      if (restMs >= 0) this.note(partition, restMs + partitionLimits.sweepSlackMs);
    } catch {
      // In its turn.
    }
  }

  private note(partition: number, restMs: number): void {
    const dueMs = this.time.monotonicMs() + restMs;
    if (dueMs < (this.due[partition] as number)) this.due[partition] = dueMs;
  }
}
