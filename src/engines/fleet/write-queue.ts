import type { KeyMutation, Mutation } from '../../core/mutation.js';

/** Another write of the same key must be applied first. */
export const LATER = Symbol('later');

/** For each key, the last mutation that is decided and not applied yet. */
export type Decided = ReadonlyMap<string, KeyMutation>;

/** A local write on its way to the disk: one atomic step of one or more mutations. */
export interface QueuedWrite {
  /** Approximate memory that it occupies while it waits. */
  readonly bytes: number;
  /** Upper bound on the number of its mutations. */
  readonly mutationsMax: number;
  /**
   * Decides what the write does; called in the order in which writes came. For each of its keys it considers both the
   * store and the decided mutations, or else returns `LATER`.
   * @returns empty if there is nothing to do; `LATER` if the decided mutations must be applied first
   * @throws KvsError
   */
  stamp(decided: Decided): readonly Mutation[] | typeof LATER;
  /** Called when it is durable, or there was nothing to do. `apply` applies all of it; then it is answered. */
  complete(apply: () => void): void;
  /** Called when it fails without any effect. */
  refuse(reason: unknown): void;
}

/** A write with the mutations that were decided for it. */
export interface StampedWrite {
  readonly write: QueuedWrite;
  readonly mutations: readonly Mutation[];
}

const NOTHING: readonly Mutation[] = [];

/** Waiting writes, first come, first served. The caller must bound it. */
export class WriteQueue {
  private items: QueuedWrite[] = [];
  private start = 0;
  private waitingBytes = 0;

  get length(): number {
    return this.items.length - this.start;
  }

  get bytes(): number {
    return this.waitingBytes;
  }

  push(write: QueuedWrite): void {
    this.items.push(write);
    this.waitingBytes += write.bytes;
  }

  /**
   * Decides the next writes, up to `mutationsMax` and `bytesMax` (always at least one whole write), or up to the first
   * that must wait. Those that are refused or have nothing to do are answered at once.
   */
  takeGroup(mutationsMax: number, bytesMax: number): StampedWrite[] {
    const group: StampedWrite[] = [];
    const decided = new Map<string, KeyMutation>();
    for (let bytes = 0, count = 0; this.start < this.items.length; this.start++) {
      const write = this.items[this.start] as QueuedWrite;
      const fits = count + write.mutationsMax <= mutationsMax && bytes + write.bytes <= bytesMax;
      if (group.length > 0 && !fits) break;
      const mutations = this.decide(write, decided);
      if (mutations === LATER) break;
      this.waitingBytes -= write.bytes;
      if (mutations.length === 0) continue;
      bytes += write.bytes;
      count += mutations.length;
      group.push({ write, mutations });
      for (const mutation of mutations) {
        if (mutation.kind !== 'raiseFloor') decided.set(mutation.key, mutation);
      }
      // What comes next counts from the new floor, which is in force once it is applied.
      if (mutations.some(({ kind }) => kind === 'raiseFloor')) {
        this.start++;
        break;
      }
    }
    this.items = this.items.slice(this.start);
    this.start = 0;
    return group;
  }

  /** Refuses all. */
  refuseAll(reason: unknown): void {
    const refused = this.items.slice(this.start);
    this.items = [];
    this.start = 0;
    this.waitingBytes = 0;
    for (const write of refused) write.refuse(reason);
  }

  private decide(write: QueuedWrite, decided: Decided): readonly Mutation[] | typeof LATER {
    try {
      const mutations = write.stamp(decided);
      if (mutations !== LATER && mutations.length === 0) write.complete(() => undefined);
      return mutations;
    } catch (error) {
      write.refuse(error);
      return NOTHING;
    }
  }
}
