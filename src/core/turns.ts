/**
 * Runs work one at a time per key, in the order of arrival. Concurrent writers of one key in one server would make each
 * other's transactions fail, and each failure costs a round of consensus; this leaves only conflicts between servers.
 */
export class Turns {
  private readonly tails = new Map<string, Promise<void>>();

  /** Calls `work` when all earlier work for this key has ended, whether it succeeded or failed. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    let leave = (): void => undefined;
    const tail = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.tails.set(key, tail);
    try {
      await before;
      return await work();
    } finally {
      leave();
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }
}
