/** Which keys a watch is about: one, those that begin with something, or (with neither) all. */
export interface Interest {
  readonly key?: string | undefined;
  readonly prefix?: string | undefined;
}

/** Whether a key is among those of an interest. */
export function concerns({ key, prefix = '' }: Interest, changed: string): boolean {
  return key === undefined ? changed.startsWith(prefix) : changed === key;
}

/**
 * Finds the watches that a change of a key concerns. What a change costs grows with the number of different lengths of
 * prefixes, and not with that of the watches of other keys.
 */
export class InterestIndex<T> {
  private readonly byKey = new Map<string, Set<T>>();
  private readonly byPrefix = new Map<string, Set<T>>();
  /** The lengths of the prefixes, ascending, and how many different prefixes have each. */
  private lengths: number[] = [];
  private readonly ofLength = new Map<number, number>();
  private count = 0;

  /** Whether nobody is interested in anything. */
  get isEmpty(): boolean {
    return this.count === 0;
  }

  get size(): number {
    return this.count;
  }

  add({ key, prefix = '' }: Interest, watch: T): void {
    const [index, name] = key === undefined ? [this.byPrefix, prefix] : [this.byKey, key];
    const known = index.get(name);
    if (known === undefined && key === undefined) this.noteLength(prefix.length, 1);
    index.set(name, (known ?? new Set()).add(watch));
    this.count++;
  }

  remove({ key, prefix = '' }: Interest, watch: T): void {
    const [index, name] = key === undefined ? [this.byPrefix, prefix] : [this.byKey, key];
    const known = index.get(name);
    if (known?.delete(watch) !== true) return;
    this.count--;
    if (known.size > 0) return;
    index.delete(name);
    if (key === undefined) this.noteLength(prefix.length, -1);
  }

  /** Calls for each watch that a change of this key concerns. */
  forEach(key: string, call: (watch: T) => void): void {
    if (this.count === 0) return;
    if (this.byKey.size > 0) this.byKey.get(key)?.forEach(call);
    for (const length of this.lengths) {
      if (length > key.length) return;
      this.byPrefix.get(length === key.length ? key : key.slice(0, length))?.forEach(call);
    }
  }

  private noteLength(length: number, more: 1 | -1): void {
    const now = (this.ofLength.get(length) ?? 0) + more;
    if (now > 0) this.ofLength.set(length, now);
    else this.ofLength.delete(length);
    if (now === 0 || (now === 1 && more === 1))
      this.lengths = [...this.ofLength.keys()].sort((a, b) => a - b);
  }
}
