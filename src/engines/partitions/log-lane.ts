import type { NodeAnswer, RedisCommand } from './node.js';
import { partitionLimits } from './limits.js';
import { microsIn } from './log-reach.js';
import type { LogTap } from './log-tap.js';

/** What a lane needs of the feed. */
export interface LaneHost {
  /** What to ask for what a log has new: one or two commands. */
  questions(partition: number): readonly RedisCommand[];
  /** A partition was asked, and this was answered. */
  took(partition: number, lane: LogLane, answers: readonly NodeAnswer[]): void;
  /** To be told up to this time, if somebody waits for it. */
  readonly wanted: number;
  /** Called after each turn. */
  turned(): void;
  after(delayMs: number, call: () => void): () => void;
}

/**
 * The logs of the partitions of one master: those that have changed are read in turns, with the master's time. All that
 * changed before a time was told was said before it, so once that is read the logs are known up to then.
 */
export class LogLane {
  /** Partitions that may have something new. */
  readonly dirty = new Set<number>();
  /** All partitions that are read here. */
  readonly placed = new Set<number>();
  /** Of all of these everything is known up to this time, but for those that the feed has bounds for. */
  frontier = -Infinity;
  /** The master's time at the end of the turn before. */
  private lastTime = -Infinity;
  private isTurning = false;
  private isClosed = false;
  private cancelWait: (() => void) | undefined;

  constructor(
    readonly address: string,
    private readonly tap: Pick<LogTap, 'ask' | 'isReady' | 'close'>,
    private readonly host: LaneHost,
  ) {}

  /** To be called when there may be something to do. */
  wake(): void {
    if (this.isTurning || this.isClosed || this.cancelWait !== undefined) return;
    if (this.hasWork) void this.turn();
  }

  close(): void {
    this.isClosed = true;
    this.cancelWait?.();
    this.tap.close();
  }

  private get hasWork(): boolean {
    if (!this.tap.isReady) return false;
    return this.dirty.size > 0 || (this.placed.size > 0 && this.host.wanted > this.frontier);
  }

  /** Never rejects. */
  private async turn(): Promise<void> {
    this.isTurning = true;
    const asked = [...this.dirty].slice(0, partitionLimits.logReadsAtOnce);
    const isWhole = asked.length === this.dirty.size;
    for (const partition of asked) this.dirty.delete(partition);
    const questions = asked.map((partition) => this.host.questions(partition));
    const answers = await this.tap.ask([...questions.flat(), ['TIME']]);
    let at = 0;
    for (const [index, partition] of asked.entries()) {
      const count = (questions[index] as readonly RedisCommand[]).length;
      if (!this.isClosed) this.host.took(partition, this, answers.slice(at, at + count));
      at += count;
    }
    const last = answers.at(-1);
    const time = last?.ok === true ? microsIn(last.reply) : undefined;
    if (time !== undefined && isWhole) {
      // What was said to have changed since the last time was read just now.
      this.frontier = Math.max(this.frontier, this.dirty.size === 0 ? time : this.lastTime);
      this.lastTime = time;
    }
    this.isTurning = false;
    if (this.isClosed) return;
    this.host.turned();
    // Not at once: what comes meanwhile is read together.
    this.cancelWait = this.host.after(
      time === undefined ? partitionLimits.pauseMsMax : partitionLimits.logTurnMs,
      () => {
        this.cancelWait = undefined;
        this.wake();
      },
    );
  }
}
