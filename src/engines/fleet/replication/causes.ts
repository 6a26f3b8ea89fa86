import { NO_ENTRIES, type Origin, type VectorEntries } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import { Frontier } from '../../../core/frontier.js';
import type { VersionVector } from '../../../core/vector.js';

/** A state that was joined: its causal frontier, and what it and this server had. */
export interface JoinedState {
  readonly dots: VectorEntries;
  readonly had: (origin: Origin, seq: number) => boolean;
  readonly has: (origin: Origin, seq: number) => boolean;
}

/** Tracks what this server has applied of others: the causes of its next write, and the frontier of its store. */
export class Causes {
  readonly frontier: Frontier;
  /** Vector entries of other origins that have advanced, are not yet causes of any batch, and imply all such entries. */
  private readonly advanced = new Map<Origin, number>();
  /** Those that had already advanced when the next writes were decided. */
  private readonly sealed = new Map<Origin, number>();
  /** Called when the entry of an origin advanced, or (`undefined`) those of many did. */
  onAdvance: (origin: Origin | undefined) => void = () => undefined;

  /** @param decidesEarly whether writes are decided before they are applied, at the moment of {@link seal} */
  constructor(
    private readonly self: Origin,
    store: { readonly vector: VersionVector },
    private readonly decidesEarly: boolean,
  ) {
    this.frontier = new Frontier(self, store);
  }

  /** How many dots the next batch would have to name. */
  get count(): number {
    return this.advanced.size + this.sealed.size;
  }

  /** To be called when a batch of another origin was applied up to `last`. */
  noteBatch(origin: Origin, last: number, causes: VectorEntries): void {
    // What this batch implies need not be named beside it.
    for (const [cause, seq] of causes)
      if ((this.advanced.get(cause) ?? Infinity) <= seq) this.advanced.delete(cause);
    this.advanced.set(origin, last);
    this.frontier.applied(origin, last, causes);
    this.onAdvance(origin);
  }

  /**
   * To be called when these entries of the vector advanced without batches.
   * @param state the state that brought them, if it has told its frontier
   */
  noteJoined(entries: VectorEntries, state?: JoinedState): void {
    for (const [origin, seq] of entries) this.advanced.set(origin, seq);
    if (state) this.frontier.joinedState(state.dots, state.had, state.has);
    else this.frontier.joined(entries);
    this.onAdvance(undefined);
  }

  /**
   * To be called when the next writes are decided: what is applied between now and then is not among their causes.
   * @returns whether they have causes that the writes before did not have
   */
  seal(): boolean {
    const { advanced, sealed } = this;
    if (advanced.size === 0) return false;
    for (const [origin, seq] of advanced) sealed.set(origin, seq);
    advanced.clear();
    return true;
  }

  /** Whether there are more causes than the last batch could name: the next one names others. */
  get isMore(): boolean {
    return this.sealed.size > 0;
  }

  /** Dots of others that imply everything that was applied here; none, if one batch cannot name so many. */
  get all(): VectorEntries {
    const others = this.frontier.entries().filter(([origin]) => origin !== this.self);
    return others.length > limits.vectorEntries ? NO_ENTRIES : others;
  }

  /** Takes the causes of the batch that begins now, as many as it can name; those of the next are counted from here. */
  take(): VectorEntries {
    if (!this.decidesEarly) this.seal();
    const causes = [...this.sealed].slice(0, limits.vectorEntries);
    if (causes.length === this.sealed.size) this.sealed.clear();
    else for (const [origin] of causes) this.sealed.delete(origin);
    this.frontier.wrote(causes);
    return causes;
  }
}
