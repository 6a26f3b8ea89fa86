/**
 * One at a time per key, in the order of arrival. Writers of one key in one server would only make each other's
 * transactions fail, and each failure costs a round of consensus; what is left to compete are the servers.
 */
export class Turns {
  private readonly tails = new Map<string, Promise<void>>();

  /** Calls `work` when those who came before for this key have ended, however they did. */
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
