import type { Origin, VectorEntries } from './dot.js';
import type { VersionVector } from './vector.js';

/**
 * The causal frontier of a store: the fewest dots that imply all the others, so that a client carries a few bytes
 * instead of a whole version vector.
 *
 * A batch names its causes, what its origin had applied since its previous batch, and is applied after them. So a
 * server that has applied a dot has applied everything that the dot's origin had applied before it. The frontier
 * therefore needs only the latest dot of each origin that no applied batch implies. Their number is about that of the
 * servers writing at the same time, however many ever wrote.
 *
 * Dots that came with a state have no batches: what they imply is unknown, so all of them stay until some later batch
 * names them.
 */
export class Frontier {
  private readonly others = new Map<Origin, number>();
  /** The last of this server's own dots that batches of other origins imply. */
  private ownImplied = 0;

  constructor(
    private readonly self: Origin,
    /** Not the vector itself, which is replaced when the store adopts a state. */
    private readonly store: { readonly vector: VersionVector },
  ) {}

  /** To be called when a batch of another origin with these causes was applied; `last` is its last seq. */
  applied(origin: Origin, last: number, causes: VectorEntries): void {
    this.imply(causes);
    this.others.set(origin, last);
  }

  /** To be called when this server writes: these are the causes of its writes until the next call. */
  wrote(causes: VectorEntries): void {
    this.imply(causes);
  }

  /** To be called when these entries of the vector advanced without batches. */
  joined(advanced: VectorEntries): void {
    for (const [origin, seq] of advanced) {
      if (origin !== this.self) this.others.set(origin, seq);
    }
  }

  /** The frontier, this server's own dot first. */
  entries(): VectorEntries {
    const own = this.store.vector.seqOf(this.self);
    const others = [...this.others];
    return own > this.ownImplied ? [[this.self, own], ...others] : others;
  }

  private imply(causes: VectorEntries): void {
    for (const [origin, seq] of causes) {
      if (origin === this.self) this.ownImplied = Math.max(this.ownImplied, seq);
      else if ((this.others.get(origin) ?? Infinity) <= seq) this.others.delete(origin);
    }
  }
}
