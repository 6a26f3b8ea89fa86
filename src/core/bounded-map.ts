interface Entry<K, V> {
  readonly key: K;
  value: V;
  before: Entry<K, V>;
  after: Entry<K, V>;
}

/**
 * A map with a maximum number of entries, in the order in which they were last put. Beyond the maximum the least recent
 * entry is evicted, so that strangers cannot fill memory.
 *
 * The order is a separate linked list. A `Map` keeps insertion order too, but finding its first entry steps over all
 * deleted ones before it, of which there may be as many as live entries.
 */
export class BoundedMap<K, V> {
  private readonly entriesByKey = new Map<K, Entry<K, V>>();
  /** Stands between the most recent entry and the least recent one. */
  private readonly ends: Entry<K, V>;

  /**
   * @param most maximum number of entries; `Infinity` if the owner evicts by another measure
   * @param onForgotten called for every entry evicted for its age, not for those deleted
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

  /** Sets an entry and makes it the most recent one. */
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

  /** Changes the value of an existing entry without changing its place in the order. */
  replace(key: K, value: V): void {
    const known = this.entriesByKey.get(key);
    if (known !== undefined) known.value = value;
  }

  /** @returns whether the entry existed */
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

  /** Evicts the least recent entry, if any. */
  forgetOldest(): void {
    if (this.size === 0) return;
    const { key, value } = this.ends.after;
    this.delete(key);
    this.onForgotten?.(key, value);
  }

  /** Entries from the least recent one on. The entry just yielded may be deleted during iteration. */
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
