import fc from 'fast-check';
import type { Batch, InsertMutation, Mutation } from '../../src/core/mutation.js';
import { limits } from '../../src/core/limits.js';
import { joinStage, Stage } from '../../src/core/stage.js';
import { Store } from '../../src/core/store.js';
import { differingParts, walkPage, WALK_START } from '../../src/core/walk.js';
import { KvsError } from '../../src/core/errors.js';
import type { VectorEntries } from '../../src/core/dot.js';
import { Oracle, type Target } from '../support/oracle.js';
import { newestOf } from '../support/oracle-view.js';
import { stampInsert, stampRemoval } from '../support/stamp.js';

export const KEYS = ['alfa', '__proto__', 'constructor', 'a!b'] as const;

/** One step of a history: somebody writes, or hears of the next mutation of somebody else. */
export type Step =
  | { readonly do: 'insert'; readonly at: number; readonly key: number; readonly wallMs: number }
  | { readonly do: 'remove'; readonly at: number; readonly key: number; readonly target: Target }
  | { readonly do: 'hear'; readonly at: number; readonly from: number };

const small = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });

/** Histories of a few writers on a few keys, with few clock values, so that everything collides. */
export function steps(writers: number, most: number): fc.Arbitrary<Step[]> {
  const at = small(writers - 1);
  const key = small(KEYS.length - 1);
  const target = fc.oneof(fc.constantFrom<Target>('all', 'allButNewest'), fc.integer({ min: 1, max: 4 }));
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('insert' as const), at, key, wallMs: small(6) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), at, key, target }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('hear' as const), at, from: at }) },
    ),
    { maxLength: most },
  );
}

export interface Written {
  readonly origin: string;
  readonly seq: number;
  readonly mutation: Mutation;
  readonly observed: VectorEntries;
}

/** A few stores without a network, their true history, and everything that they wrote in order of writing. */
export class Lab {
  readonly oracle = new Oracle();
  readonly stores: readonly Store[];
  readonly written: Written[] = [];

  constructor(writers: number) {
    this.stores = Array.from({ length: writers }, () => new Store());
  }

  name(at: number): string {
    return `o${at}`;
  }

  store(at: number): Store {
    return this.stores[at] as Store;
  }

  run(all: readonly Step[]): void {
    for (const step of all) this.step(step);
  }

  step(step: Step): void {
    if (step.do === 'hear') this.hear(step.at, step.from);
    else if (step.do === 'insert') this.insert(step.at, KEYS[step.key] as string, step.wallMs);
    else this.remove(step.at, KEYS[step.key] as string, step.target);
  }

  insert(at: number, key: string, wallMs: number): void {
    const store = this.store(at);
    const before = store.vector.entries();
    const value = `v${this.written.length}`;
    const mutation = stampInsert(store, this.name(at), key, value, wallMs);
    this.oracle.insert(this.name(at), before, key, value, mutation, { wallMs, fleetMs: 0 });
    this.accept(at, mutation);
  }

  /** A removal; nothing happens if it would remove nothing. */
  remove(at: number, key: string, target: Target): void {
    const store = this.store(at);
    const before = store.vector.entries();
    const entries = this.oracle.targets(before, key, 'all');
    if (this.oracle.targets(before, key, target).length === 0) return;
    let mutation: Mutation =
      target === 'all' || target === 'allButNewest'
        ? stampRemoval(store, key)
        : stampRemoval(store, key, target);
    const newest = newestOf(entries, 0);
    if (target === 'allButNewest' && newest && mutation.kind === 'removeObserved') {
      mutation = { ...mutation, keep: { origin: newest.origin, seq: newest.seq } };
    }
    this.oracle.remove(this.name(at), before, key, target);
    this.accept(at, mutation);
  }

  /** Applies the next mutation of another writer, if its causes are there. Returns whether it did. */
  hear(at: number, from: number): boolean {
    const store = this.store(at);
    const seq = store.vector.seqOf(this.name(from)) + 1;
    const next = this.written.find((w) => w.origin === this.name(from) && w.seq === seq);
    if (!next || !store.vector.covers(next.observed)) return false;
    store.apply(next.origin, next.seq, next.mutation);
    return true;
  }

  private accept(at: number, mutation: Mutation): void {
    const store = this.store(at);
    const origin = this.name(at);
    const observed = store.vector.entries();
    const seq = store.vector.seqOf(origin) + 1;
    store.apply(origin, seq, mutation);
    this.written.push({ origin, seq, mutation, observed });
  }
}

/** A transfer of one store's state into another, page by page, without messages. */
export class Transfer {
  readonly stage: Stage;
  private cursor: ReturnType<typeof walkPage>['cursor'] = WALK_START;
  private vector: VectorEntries;

  constructor(
    private readonly lab: Lab,
    private readonly giver: number,
    private readonly taker: number,
    private readonly budgetBytes: number,
  ) {
    const from = lab.store(giver);
    const hashes = Array.from({ length: limits.parts }, (_, part) => from.partHash(part));
    const to = lab.store(taker);
    this.vector = from.vector.entries();
    this.stage = new Stage(this.vector, differingParts(to, hashes), to.vector.entries());
  }

  /** The giver's vector at the last page. */
  get reached(): VectorEntries {
    return this.vector;
  }

  /** Takes the next page. Returns whether there is another. */
  page(): boolean {
    if (!this.cursor) return false;
    const from = this.lab.store(this.giver);
    const had = new Map(this.vector);
    // A linear order of writing is a causal order, so the giver may have applied them in it.
    const news = this.lab.written.filter(
      (w) => w.seq > (had.get(w.origin) ?? 0) && w.seq <= from.vector.seqOf(w.origin),
    );
    const batches = news.map((w): Batch => ({
      origin: w.origin,
      first: w.seq,
      dependencies: [],
      mutations: [w.mutation],
    }));
    const page = walkPage(from, this.cursor, this.stage.wanted, this.budgetBytes);
    this.stage.takePage(batches, page.keys);
    this.vector = from.vector.entries();
    this.cursor = page.cursor;
    return this.cursor !== undefined;
  }

  join(): void {
    while (this.page());
    joinStage(this.lab.store(this.taker), this.stage);
  }
}

export function insert(key: string, version: number, more: Partial<InsertMutation> = {}): InsertMutation {
  return { kind: 'insert', key, value: `v${version}`, version, timestamp: version, context: [], ...more };
}

export function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return KvsError.from(error).code;
  }
  return 'nenhum';
}
