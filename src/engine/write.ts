import type { Mutation } from '../core/mutation.js';

/** Another write of the same key must take effect first. */
export const LATER = Symbol('later');

/** A local write on its way to the disk. */
export interface Write {
  readonly key: string;
  /** Roughly what it occupies while it waits. */
  readonly bytes: number;
  /**
   * Decides what it does, in the order in which writes came.
   * @param earlier the last mutation of this key that is decided and not applied yet
   * @returns `undefined`: nothing is to be done; `LATER`: it cannot be decided before `earlier` is applied
   * @throws KvsError
   */
  stamp(earlier: Mutation | undefined): Mutation | typeof LATER | undefined;
  /** It is durable, or there was nothing to do: it takes effect by `apply`, then it is answered. */
  complete(apply: () => void): void;
  /** It has no effect. */
  refuse(reason: unknown): void;
}

/** A write with what it was decided to do. */
export interface StampedWrite {
  readonly write: Write;
  readonly mutation: Mutation;
}

/** Writes that wait, first come, first served. Bounded by whoever fills it. */
export class WriteQueue {
  private items: Write[] = [];
  private start = 0;
  private waitingBytes = 0;

  get length(): number {
    return this.items.length - this.start;
  }

  get bytes(): number {
    return this.waitingBytes;
  }

  push(write: Write): void {
    this.items.push(write);
    this.waitingBytes += write.bytes;
  }

  /**
   * Decides the next writes, up to so many and so many bytes, or to the first that must wait. Those that are refused or
   * have nothing to do are answered at once.
   */
  takeGroup(mutationsMax: number, bytesMax: number): StampedWrite[] {
    const group: StampedWrite[] = [];
    const decided = new Map<string, Mutation>();
    for (let bytes = 0; this.start < this.items.length; this.start++) {
      const write = this.items[this.start] as Write;
      if (group.length >= mutationsMax || (group.length > 0 && bytes + write.bytes > bytesMax)) break;
      const mutation = this.decide(write, decided.get(write.key));
      if (mutation === LATER) break;
      this.waitingBytes -= write.bytes;
      if (mutation === undefined) continue;
      bytes += write.bytes;
      decided.set(write.key, mutation);
      group.push({ write, mutation });
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

  private decide(write: Write, earlier: Mutation | undefined): Mutation | typeof LATER | undefined {
    try {
      const mutation = write.stamp(earlier);
      if (mutation === undefined) write.complete(() => undefined);
      return mutation;
    } catch (error) {
      write.refuse(error);
      return undefined;
    }
  }
}
