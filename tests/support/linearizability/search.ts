/**
 * Looks for an order of overlapping operations that explains their answers.
 *
 * The search is that of J. M. Wing and C. Gong, "Testing and Verifying Concurrent Objects" (1993): an operation may
 * come next if no other that is still to be placed had returned before it was called; what does not fit is taken
 * back. G. Lowe, "Testing for Linearizability" (2017), prunes it: a configuration, that is the set of the operations
 * placed and the state after them, is entered once, however many orders lead to it. A. Horn and D. Kroening, "Faster
 * Linearizability Checking via P-Compositionality" (2015), give the linked lists that make taking back cheap, and the
 * leave to check every key by itself (see check.ts).
 */

/** What the operations do, one after the other. `O` carries its answer. */
export interface Model<S, O> {
  readonly initial: S;
  /** The state after `operation`; `undefined` if it cannot have its answer in `state`. */
  step(state: S, operation: O): S | undefined;
  /** Equal for equal states, and only for those. */
  fingerprint(state: S): string;
}

export interface Interval<O> {
  readonly operation: O;
  readonly called: number;
  /** `undefined`: nobody knows whether it was done. It may be placed anywhere after its call, or be left out. */
  readonly returned: number | undefined;
  /** Operations of unknown outcome that agree in this can stand for each other. */
  readonly alike?: string;
}

export interface Found<S, O> {
  readonly linearizable: boolean;
  /** An order that explains every answer; if none does, one that explains as many as any that was tried. */
  readonly order: readonly O[];
  /** After `order`. */
  readonly state: S;
  readonly configurations: number;
}

/** The search was given up: neither yes nor no. */
export class SearchLimit extends Error {
  override readonly name = 'SearchLimit';
}

/**
 * @param limit most configurations that are looked at
 * @throws SearchLimit
 */
export function search<S, O>(
  intervals: readonly Interval<O>[],
  model: Model<S, O>,
  limit: number,
): Found<S, O> {
  return new Search(intervals, model, limit).run();
}

class Search<S, O> {
  /** Those with an answer, in the order of their returns; then those of unknown outcome, in the order of calls. */
  private readonly all: readonly Interval<O>[];
  private readonly certain: number;
  /** Two circular lists of what is still to be placed, both in the order of calls: answered, unknown. */
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly answeredEnd: number;
  private readonly unknownEnd: number;
  /** For each of unknown outcome the one before it that is alike, or -1. */
  private readonly twin: readonly number[];
  private readonly placed: IdSet;
  /** The first in the order of returns that is still to be placed. */
  private firstOpen = 0;

  constructor(
    intervals: readonly Interval<O>[],
    private readonly model: Model<S, O>,
    private readonly limit: number,
  ) {
    const answered = intervals.filter(({ returned }) => returned !== undefined);
    const unknown = intervals.filter(({ returned }) => returned === undefined);
    answered.sort((a, b) => (a.returned ?? 0) - (b.returned ?? 0));
    unknown.sort((a, b) => a.called - b.called);
    this.all = [...answered, ...unknown];
    this.certain = answered.length;
    this.placed = new IdSet(this.all.length);
    this.answeredEnd = this.all.length;
    this.unknownEnd = this.all.length + 1;
    this.next = new Int32Array(this.all.length + 2);
    this.previous = new Int32Array(this.all.length + 2);
    const ids = this.all.map((_, id) => id).sort((a, b) => this.called(a) - this.called(b));
    this.link(
      ids.filter((id) => id < this.certain),
      this.answeredEnd,
    );
    this.link(
      ids.filter((id) => id >= this.certain),
      this.unknownEnd,
    );
    this.twin = twins(this.all, this.certain);
  }

  run(): Found<S, O> {
    const { model } = this;
    const seen = new Set<string>();
    const path: { readonly id: number; readonly before: S }[] = [];
    let best: { readonly ids: readonly number[]; readonly state: S } = { ids: [], state: model.initial };
    let [explained, mostExplained] = [0, 0];
    let state = model.initial;
    let id = this.start(this.answeredEnd);
    while (this.firstOpen < this.certain) {
      if (id < 0) {
        const last = path.pop();
        if (last === undefined) return this.result(false, best.ids, best.state, seen.size);
        state = last.before;
        this.putBack(last.id);
        if (last.id < this.certain) explained--;
        id = this.after(last.id);
        continue;
      }
      const after = this.mayStep(id) ? model.step(state, this.interval(id).operation) : undefined;
      // One of unknown outcome that changes nothing is better kept for later.
      const useful = after !== undefined && (id < this.certain || !this.same(after, state));
      if (!useful || !this.enter(id, after, seen)) {
        id = this.after(id);
        continue;
      }
      path.push({ id, before: state });
      state = after;
      this.take(id);
      if (id < this.certain && ++explained > mostExplained) {
        mostExplained = explained;
        best = { ids: path.map((step) => step.id), state };
      }
      id = this.start(this.answeredEnd);
    }
    return this.result(
      true,
      path.map((step) => step.id),
      state,
      seen.size,
    );
  }

  /** Whether the configuration that `id` leads to is new. */
  private enter(id: number, after: S, seen: Set<string>): boolean {
    this.placed.add(id);
    const configuration = `${this.placed.text()}|${this.model.fingerprint(after)}`;
    this.placed.delete(id);
    if (seen.has(configuration)) return false;
    if (seen.size >= this.limit) {
      throw new SearchLimit(
        `gave up after ${this.limit} configurations of ${this.all.length} operations, ` +
          `${this.all.length - this.certain} of them of unknown outcome: neither linearizable nor not`,
      );
    }
    seen.add(configuration);
    return true;
  }

  private result(
    linearizable: boolean,
    ids: readonly number[],
    state: S,
    configurations: number,
  ): Found<S, O> {
    return { linearizable, order: ids.map((id) => this.interval(id).operation), state, configurations };
  }

  private same(a: S, b: S): boolean {
    return a === b || this.model.fingerprint(a) === this.model.fingerprint(b);
  }

  private mayStep(id: number): boolean {
    const twin = this.twin[id] ?? -1;
    return twin < 0 || this.placed.has(twin);
  }

  /** The first candidate of a list: answered first, then unknown; -1 if there is none. */
  private start(end: number): number {
    return this.candidate(this.next[end] ?? end);
  }

  private after(id: number): number {
    return this.candidate(this.next[id] ?? this.unknownEnd);
  }

  private candidate(id: number): number {
    if (id === this.unknownEnd) return -1;
    const horizon = this.all[this.firstOpen]?.returned ?? Infinity;
    if (id !== this.answeredEnd && this.called(id) < horizon) return id;
    return id === this.answeredEnd || id < this.certain ? this.start(this.unknownEnd) : -1;
  }

  private take(id: number): void {
    const { next, previous } = this;
    const [before, after] = [previous[id] ?? 0, next[id] ?? 0];
    next[before] = after;
    previous[after] = before;
    this.placed.add(id);
    while (this.firstOpen < this.certain && this.placed.has(this.firstOpen)) this.firstOpen++;
  }

  private putBack(id: number): void {
    const { next, previous } = this;
    next[previous[id] ?? 0] = id;
    previous[next[id] ?? 0] = id;
    this.placed.delete(id);
    if (id < this.firstOpen) this.firstOpen = id;
  }

  private link(ids: readonly number[], end: number): void {
    const circle = [end, ...ids, end];
    for (let at = 1; at < circle.length; at++) {
      const [before = end, after = end] = [circle[at - 1], circle[at]];
      this.next[before] = after;
      this.previous[after] = before;
    }
  }

  private called(id: number): number {
    return this.interval(id).called;
  }

  private interval(id: number): Interval<O> {
    const interval = this.all[id];
    if (interval === undefined) throw new RangeError(`no operation ${id}`);
    return interval;
  }
}

function twins<O>(all: readonly Interval<O>[], certain: number): readonly number[] {
  const last = new Map<string, number>();
  return all.map(({ alike }, id) => {
    if (alike === undefined || id < certain) return -1;
    const before = last.get(alike) ?? -1;
    last.set(alike, id);
    return before;
  });
}

const WORD_BITS = 16;
const FULL = 0xffff;

/** A set of small numbers with a short text: what is in it up to the first gap is only counted. */
class IdSet {
  private readonly words: Uint16Array;

  constructor(size: number) {
    this.words = new Uint16Array(Math.ceil(size / WORD_BITS));
  }

  has(id: number): boolean {
    return (((this.words[id >> 4] ?? 0) >> (id & 15)) & 1) === 1;
  }

  add(id: number): void {
    this.words[id >> 4] = (this.words[id >> 4] ?? 0) | (1 << (id & 15));
  }

  delete(id: number): void {
    this.words[id >> 4] = (this.words[id >> 4] ?? 0) & ~(1 << (id & 15));
  }

  text(): string {
    let from = 0;
    while (this.words[from] === FULL) from++;
    return `${from}:${String.fromCharCode(...this.words.subarray(from))}`;
  }
}
