/** Items that were taken and are still held, at least; beyond, no more than those that wait. */
const TAKEN = 32;

/** First in, first out, at a constant price. Lets go of what was taken, also where there is always something that waits. */
export class Fifo<T> {
  private items: T[] = [];
  /** Those before it were taken. */
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** The one that {@link shift} would take. */
  peek(): T | undefined {
    return this.items[this.head];
  }

  /** @returns `undefined` if none waits */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.items[this.head++];
    if (this.length === 0) this.clear();
    else if (this.head >= TAKEN && this.head >= this.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }
}
