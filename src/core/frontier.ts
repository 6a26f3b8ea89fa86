import type { Origin, VectorEntries } from './dot.js';
import type { VersionVector } from './vector.js';

/**
 * The causal frontier of a store: the fewest dots that imply all the others, so a client can carry in a few bytes what a
 * whole version vector says.
 *
 * A batch of an origin names what its origin had applied since its batch before, and is applied after all of it. So who has
 * applied a dot has applied everything that its origin had applied before it. Of what a batch implies only the batch itself
 * need be remembered: the frontier holds the latest dot of each origin that no applied batch implies. Those are about as
 * many as there are servers writing at the same time, however many ever wrote.
 *
 * What came as a state has no batches: nothing is known of what its dots imply, and all of them stay until somebody's next
 * batch names them.
 */
export class Frontier {
  private readonly others = new Map<Origin, number>();
  /** Batches of others imply this server's own dots up to here. */
  private ownImplied = 0;

  constructor(
    private readonly self: Origin,
    /** Its vector is another object once it has adopted a state. */
    private readonly store: { readonly vector: VersionVector },
  ) {}

  /** A batch of another origin, whose causes these are, was applied up to `last`. */
  applied(origin: Origin, last: number, causes: VectorEntries): void {
    this.imply(causes);
    this.others.set(origin, last);
  }

  /** This server writes, and these are the causes of it and of whatever it writes until the next such call. */
  wrote(causes: VectorEntries): void {
    this.imply(causes);
  }

  /** These entries of the vector advanced without batches. */
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
