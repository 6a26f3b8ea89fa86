/**
 * A Map of at most so many entries, in the order in which they were last put. Beyond, the least recent one is forgotten:
 * what a stranger may fill must not grow without end.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  /**
   * @param most entries that stay; `Infinity` where the owner forgets by another measure
   * @param onForgotten hears of every entry that is forgotten for its age, and of none that is deleted
   */
  constructor(
    private readonly most: number,
    private readonly onForgotten?: (key: K, value: V) => void,
  ) {
    super();
  }

  /** Sets an entry, which is the most recent one now. (`set` leaves one that is there in its place.) */
  put(key: K, value: V): void {
    this.delete(key);
    this.set(key, value);
    if (this.size > this.most) this.forgetOldest();
  }

  /** Forgets the least recent entry, if there is one. */
  forgetOldest(): void {
    for (const [key, value] of this) {
      this.delete(key);
      this.onForgotten?.(key, value);
      return;
    }
  }
}
