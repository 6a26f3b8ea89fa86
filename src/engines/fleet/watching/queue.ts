import { Fifo } from '../../../core/fifo.js';
import type { Applied } from '../../watching/mutation-events.js';
import type { ToldMoment } from './moment.js';

/** A mutation that waits for the reader of a watch. */
export interface Waiting {
  readonly applied: Applied;
  readonly moment: ToldMoment;
  readonly bytes: number;
}

/** What all queues of a server hold together. */
export interface QueueRoom {
  bytes: number;
}

// An object of the queue, its mutation and its share of a moment.
const OVERHEAD_BYTES = 256;

interface QueueTuning {
  readonly watchQueueEvents: number;
  readonly watchQueueBytes: number;
  readonly watchAllQueueBytes: number;
}

/** Mutations that wait for the reader of one watch: a few, the rest stays in the log. */
export class WatchQueue {
  private readonly items = new Fifo<Waiting>();
  private bytes = 0;

  constructor(
    private readonly room: QueueRoom,
    private readonly tuning: QueueTuning,
  ) {}

  get length(): number {
    return this.items.length;
  }

  /** Bytes that a mutation takes while it waits. */
  static bytesOf({ mutation }: Applied): number {
    if (mutation.kind === 'raiseFloor') return OVERHEAD_BYTES;
    return OVERHEAD_BYTES + mutation.key.length + (mutation.kind === 'insert' ? mutation.value.length : 0);
  }

  /** Whether something of this size fits. */
  fits(bytes: number): boolean {
    const { watchQueueEvents, watchQueueBytes, watchAllQueueBytes } = this.tuning;
    return (
      this.length < watchQueueEvents &&
      this.bytes + bytes <= watchQueueBytes &&
      this.room.bytes + bytes <= watchAllQueueBytes
    );
  }

  push(waiting: Waiting): void {
    this.items.push(waiting);
    this.bytes += waiting.bytes;
    this.room.bytes += waiting.bytes;
  }

  shift(): Waiting | undefined {
    const waiting = this.items.shift();
    if (waiting === undefined) return undefined;
    this.bytes -= waiting.bytes;
    this.room.bytes -= waiting.bytes;
    return waiting;
  }

  clear(): void {
    this.room.bytes -= this.bytes;
    this.bytes = 0;
    this.items.clear();
  }
}
