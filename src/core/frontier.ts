import { raise, type Origin, type VectorEntries } from './dot.js';
import type { VersionVector } from './vector.js';

type IsIn = (origin: Origin, seq: number) => boolean;

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
    private readonly store: { readonly vector: Pick<VersionVector, 'seqOf'> },
  ) {}

  /** The frontier of a causally closed set of mutations that these dots imply, of no server in particular. */
  static of(dots: VectorEntries): Frontier {
    const frontier = new Frontier('', { vector: { seqOf: () => 0 } });
    for (const [origin, seq] of dots) raise(frontier.others, origin, seq);
    return frontier;
  }

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

  /**
   * To be called when a causally closed state was joined.
   * @param dots the frontier of that state; what of our own frontier it has is among them, or implied by them
   * @param had returns whether this server had a dot before
   * @param has returns whether the state has a dot
   */
  joinedState(dots: VectorEntries, had: IsIn, has: IsIn): void {
    const own = this.store.vector.seqOf(this.self);
    const isLast = new Map(dots);
    if (has(this.self, own) && isLast.get(this.self) !== own)
      this.ownImplied = Math.max(this.ownImplied, own);
    for (const [origin, seq] of this.others)
      if (has(origin, seq) && isLast.get(origin) !== seq) this.others.delete(origin);
    // What we had already and is no last dot of ours is implied by one that the state lacks.
    for (const [origin, seq] of dots)
      if (origin !== this.self && !had(origin, seq)) this.others.set(origin, seq);
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
