import type { Origin, VectorEntries } from '../../../core/dot.js';
import { Frontier } from '../../../core/frontier.js';
import type { VersionVector } from '../../../core/vector.js';

/** What this server has applied of others, as the causes of what it writes next, and as the frontier of its store. */
export class Causes {
  readonly frontier: Frontier;
  /** Vector entries of other origins that advanced and are no batch's causes yet. */
  private readonly advanced = new Map<Origin, number>();
  /** Of these, what had advanced when the next writes were decided. */
  private readonly sealed = new Map<Origin, number>();
  /** Called when an origin's entry advanced, or many did (`undefined`). */
  onAdvance: (origin: Origin | undefined) => void = () => undefined;

  /** @param decidesEarly whether writes are decided before they are applied, at the moment of {@link seal} */
  constructor(
    self: Origin,
    store: { readonly vector: VersionVector },
    private readonly decidesEarly: boolean,
  ) {
    this.frontier = new Frontier(self, store);
  }

  /** A batch of another origin was applied up to `last`. */
  noteBatch(origin: Origin, last: number, causes: VectorEntries): void {
    this.advanced.set(origin, last);
    this.frontier.applied(origin, last, causes);
    this.onAdvance(origin);
  }

  /** These entries of the vector advanced without batches. */
  noteJoined(entries: VectorEntries): void {
    for (const [origin, seq] of entries) this.advanced.set(origin, seq);
    this.frontier.joined(entries);
    this.onAdvance(undefined);
  }

  /**
   * What is written next was decided now: what is applied between now and then is no cause of it.
   * @returns whether it has other causes than what was written before
   */
  seal(): boolean {
    const { advanced, sealed } = this;
    if (advanced.size === 0) return false;
    for (const [origin, seq] of advanced) sealed.set(origin, seq);
    advanced.clear();
    return true;
  }

  /** The causes of the batch that begins now; those of the next one are counted from here. */
  take(): VectorEntries {
    if (!this.decidesEarly) this.seal();
    const causes = [...this.sealed];
    this.sealed.clear();
    this.frontier.wrote(causes);
    return causes;
  }
}
