import { NO_ENTRIES, type Origin, type VectorEntries } from '../../../core/dot.js';

/**
 * What is told once the mutations of a batch are, one after the other, as a causal frontier: that of everything else,
 * which the batch does not change any more once it has begun, and the last dot told of the batch's origin.
 */
export class ToldMoment {
  /**
   * @param others the frontier without the origin of the batch, once the batch has begun; `undefined`: too long for any token
   * @param from the first seq of the batch that was told with it
   * @param dependencies of the batch
   */
  constructor(
    private readonly origin: Origin,
    private readonly others: VectorEntries | undefined,
    private readonly from: number,
    private readonly dependencies: VectorEntries,
  ) {}

  /** Dots that imply all that is told after a mutation of the batch. */
  after(seq: number): VectorEntries | undefined {
    return this.others && [[this.origin, seq], ...this.others];
  }

  /** Dots that imply all that is told before a mutation of the batch. */
  before(seq: number): VectorEntries | undefined {
    if (this.others === undefined) return undefined;
    const own: VectorEntries = seq > 1 ? [[this.origin, seq - 1]] : NO_ENTRIES;
    // What the batch implies is told all the same, even if nothing of the batch is.
    const causes = seq <= this.from ? this.dependencies : NO_ENTRIES;
    const told = new Map(this.others);
    const named = causes.filter(([origin, last]) => (told.get(origin) ?? 0) < last);
    for (const [origin] of named) told.delete(origin);
    return [...own, ...told, ...named];
  }
}

/** The dots of a frontier but for one origin; `undefined` if they are too many for a token. */
export function othersOf(frontier: VectorEntries, origin: Origin, most: number): VectorEntries | undefined {
  return frontier.length > most ? undefined : frontier.filter(([other]) => other !== origin);
}
