interface Entry<K, V> {
  readonly key: K;
  value: V;
  before: Entry<K, V>;
  after: Entry<K, V>;
}

/**
 * A map of at most so many entries, in the order in which they were last put. Beyond, the least recent one is forgotten:
 * what a stranger may fill must not grow without end.
 *
 * The order is a list of its own. A `Map` has one too, but to find its first entry it steps over all that were deleted
 * before it, which are as many as there are others.
 */
export class BoundedMap<K, V> {
  private readonly entriesByKey = new Map<K, Entry<K, V>>();
  /** Stands between the most recent entry and the least recent one. */
  private readonly ends: Entry<K, V>;

  /**
   * @param most entries that stay; `Infinity` where the owner forgets by another measure
   * @param onForgotten hears of every entry that is forgotten for its age, and of none that is deleted
   */
  constructor(
    private readonly most: number,
    private readonly onForgotten?: (key: K, value: V) => void,
  ) {
    const ends = {} as Entry<K, V>;
    ends.before = ends.after = ends;
    this.ends = ends;
  }

  get size(): number {
    return this.entriesByKey.size;
  }

  /** The value of the least recent entry. */
  get oldest(): V | undefined {
    return this.size === 0 ? undefined : this.ends.after.value;
  }

  has(key: K): boolean {
    return this.entriesByKey.has(key);
  }

  get(key: K): V | undefined {
    return this.entriesByKey.get(key)?.value;
  }

  /** Sets an entry, which is the most recent one now. */
  put(key: K, value: V): void {
    const known = this.entriesByKey.get(key);
    if (known !== undefined) {
      unlink(known);
      known.value = value;
      this.append(known);
      return;
    }
    const entry = { key, value } as Entry<K, V>;
    this.entriesByKey.set(key, entry);
    this.append(entry);
    if (this.size > this.most) this.forgetOldest();
  }

  /** Changes the value of an entry that is there, and leaves it in its place. */
  replace(key: K, value: V): void {
    const known = this.entriesByKey.get(key);
    if (known !== undefined) known.value = value;
  }

  /** @returns whether it was there */
  delete(key: K): boolean {
    const known = this.entriesByKey.get(key);
    if (known === undefined) return false;
    unlink(known);
    return this.entriesByKey.delete(key);
  }

  clear(): void {
    this.entriesByKey.clear();
    this.ends.before = this.ends.after = this.ends;
  }

  /** Forgets the least recent entry, if there is one. */
  forgetOldest(): void {
    if (this.size === 0) return;
    const { key, value } = this.ends.after;
    this.delete(key);
    this.onForgotten?.(key, value);
  }

  /** Entries from the least recent one on. The one that was given last may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<[K, V]> {
    for (let entry = this.ends.after; entry !== this.ends;) {
      const { after } = entry;
      yield [entry.key, entry.value];
      entry = after;
    }
  }

  *keys(): Generator<K> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<V> {
    for (const [, value] of this) yield value;
  }

  private append(entry: Entry<K, V>): void {
    const { ends } = this;
    entry.before = ends.before;
    entry.after = ends;
    ends.before.after = entry;
    ends.before = entry;
  }
}

function unlink<K, V>({ before, after }: Entry<K, V>): void {
  before.after = after;
  after.before = before;
}
