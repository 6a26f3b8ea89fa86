import { BoundedMap } from '../../core/bounded-map.js';
import type { StoredHead } from './records.js';

/** Estimated memory of a cached head beside its key: two objects, eight tokens, a place in the map. */
const HEAD_BYTES = 600;

/**
 * Heads seen lately; the least recently used is forgotten first. Only a hint: etcd compares every head that is used,
 * so a stale one costs a second request and nothing else.
 */
export class HeadCache {
  private readonly heads = new BoundedMap<string, StoredHead>(Infinity, (key) => {
    this.bytes -= cost(key);
  });
  private bytes = 0;

  /** @param bytesMax estimated memory that it may take */
  constructor(private readonly bytesMax: number) {}

  get size(): number {
    return this.heads.size;
  }

  get(key: string): StoredHead | undefined {
    const head = this.heads.get(key);
    if (head === undefined) return undefined;
    this.heads.put(key, head);
    return head;
  }

  /** Remembers a head, unless a later one of that key is known. */
  note(key: string, head: StoredHead): void {
    const known = this.heads.get(key);
    if (known !== undefined && known.revision >= head.revision) return;
    if (known === undefined) this.bytes += cost(key);
    this.heads.put(key, head);
    while (this.bytes > this.bytesMax && this.heads.size > 1) this.heads.forgetOldest();
  }

  /** As {@link note}, but only for heads already cached. */
  refresh(key: string, head: StoredHead): void {
    const known = this.heads.get(key);
    // In place: a write elsewhere is no use of the head here.
    if (known !== undefined && known.revision < head.revision) this.heads.replace(key, head);
  }

  has(key: string): boolean {
    return this.heads.has(key);
  }

  forget(key: string): void {
    if (this.heads.delete(key)) this.bytes -= cost(key);
  }
}

function cost(key: string): number {
  return HEAD_BYTES + 2 * key.length;
}
