import fc from 'fast-check';
import type { Batch, InsertMutation, Mutation } from '../../src/core/mutation.js';
import { limits } from '../../src/core/limits.js';
import { joinStage, Stage } from '../../src/core/stage.js';
import { Store } from '../../src/core/store.js';
import { VersionVector } from '../../src/core/vector.js';
import { differingParts, walkPage, WALK_START } from '../../src/core/walk.js';
import { KvsError } from '../../src/core/errors.js';
import type { VectorEntries } from '../../src/core/dot.js';
import { FleetClock } from '../../src/core/fleet-clock.js';
import { Oracle, partOf, type Target } from '../support/oracle.js';
import { recordMutation, type Intent } from '../support/oracle-record.js';
import { stampInsert, stampRemoval, stampTrim } from '../support/stamp.js';

/** The first and the last are in one part. */
export const KEYS = ['alfa', '__proto__', 'constructor', 'a!b', 'ble'] as const;
/** Clocks of a lab may differ by anything. */
const DRIFT_MS = 1e9;

/** One step of a history: somebody writes, hears of the next mutation of somebody else, or lets time pass. */
export type Step =
  | {
      readonly do: 'insert';
      readonly at: number;
      readonly key: number;
      readonly wallMs: number;
      readonly ttlMs?: number | undefined;
    }
  | { readonly do: 'remove'; readonly at: number; readonly key: number; readonly target: Target }
  /** By how many per cent of what could be at most the two numbers of the floor of the key's part are raised. */
  | { readonly do: 'floor'; readonly at: number; readonly key: number; readonly percents: [number, number] }
  | { readonly do: 'sweep'; readonly at: number }
  | { readonly do: 'retain'; readonly at: number; readonly key: number; readonly keeps: number }
  | { readonly do: 'tick'; readonly at: number; readonly byMs: number }
  | { readonly do: 'hear'; readonly at: number; readonly from: number }
  /** Hears everything. */
  | { readonly do: 'catchUp'; readonly at: number };

const small = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });

/** Histories of a few writers on a few keys, with few clock values, so that everything collides. */
export function steps(writers: number, most: number): fc.Arbitrary<Step[]> {
  const at = small(writers - 1);
  // Mostly two keys of one part, so that something happens to them.
  const key = fc.constantFrom(0, 0, 0, 4, 4, 1, 2, 3);
  const target = fc.oneof(fc.constantFrom<Target>('all', 'allButNewest'), fc.integer({ min: 1, max: 4 }));
  const ttlMs = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 2 });
  const percents = fc.tuple(fc.constantFrom(0, 50, 100, 100), fc.constantFrom(0, 50, 100, 100));
  const of = <D extends string>(name: D) => fc.constant(name);
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: of('insert'), at, key, wallMs: small(6), ttlMs }) },
      { weight: 3, arbitrary: fc.record({ do: of('remove'), at, key, target }) },
      { weight: 2, arbitrary: fc.record({ do: of('floor'), at, key, percents }) },
      { weight: 2, arbitrary: fc.record({ do: of('sweep'), at }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: of('retain'), at, key, keeps: fc.integer({ min: 1, max: 2 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: of('tick'), at, byMs: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 5, arbitrary: fc.record({ do: of('hear'), at, from: at }) },
      { weight: 2, arbitrary: fc.record({ do: of('catchUp'), at }) },
    ),
    { maxLength: most, size: 'max' },
  );
}

export interface Written {
  readonly origin: string;
  readonly seq: number;
  readonly mutation: Mutation;
  readonly observed: VectorEntries;
  /** The fleet's clock at the writer. */
  readonly fleetMs: number;
}

/** A few stores without a network, their true history, and everything that they wrote in order of writing. */
export class Lab {
  readonly oracle = new Oracle();
  readonly stores: readonly Store[];
  readonly written: Written[] = [];
  /** The clocks of the servers on their own: they move by steps only. */
  private readonly ownMs: number[];

  constructor(writers: number) {
    this.ownMs = Array.from({ length: writers }, () => 0);
    this.stores = this.ownMs.map(
      (_, at) => new Store(new FleetClock(() => this.ownMs[at] as number, DRIFT_MS)),
    );
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
    switch (step.do) {
      case 'hear':
        this.hear(step.at, step.from);
        return;
      case 'catchUp':
        // Everything was written in a causal order.
        for (const { origin } of this.written)
          this.hear(
            step.at,
            this.stores.findIndex((_, other) => this.name(other) === origin),
          );
        return;
      case 'insert':
        this.insert(step.at, KEYS[step.key] as string, step.wallMs, step.ttlMs);
        return;
      case 'remove':
        this.remove(step.at, KEYS[step.key] as string, step.target);
        return;
      case 'floor':
        this.floor(step.at, KEYS[step.key] as string, step.percents);
        return;
      case 'sweep':
        for (const discard of this.store(step.at).dueDiscards(1)) this.accept(step.at, discard);
        return;
      case 'retain':
        this.retain(step.at, KEYS[step.key] as string, step.keeps);
        return;
      case 'tick':
        this.tick(step.at, step.byMs);
    }
  }

  /** Time passes at one server. */
  tick(at: number, byMs: number): void {
    this.ownMs[at] = (this.ownMs[at] as number) + byMs;
  }

  insert(at: number, key: string, wallMs: number, ttlMs?: number): void {
    const store = this.store(at);
    const plain = stampInsert(store, this.name(at), key, `v${this.written.length}`, wallMs);
    const { value, version, timestamp } = plain;
    const expiresAt = ttlMs && store.clock.nowMs() + ttlMs;
    this.accept(
      at,
      expiresAt ? store.key(key).insertion(this.name(at), value, version, timestamp, expiresAt) : plain,
      { wallMs },
    );
  }

  /** Raises the floor of the part of a key, to anything that its keys have. */
  floor(at: number, key: string, [versionPercent, timestampPercent]: readonly [number, number]): void {
    const store = this.store(at);
    const part = partOf(key);
    const ofPart = [...store.fragments()].filter((fragment) => partOf(fragment.key) === part);
    const raised = {
      version: Math.ceil((versionPercent / 100) * Math.max(0, ...ofPart.map((one) => one.greatestVersion))),
      timestamp: Math.ceil(
        (timestampPercent / 100) * Math.max(0, ...ofPart.map((one) => one.greatestTimestamp)),
      ),
      paceMs: this.written.length,
    };
    this.accept(at, { kind: 'raiseFloor', part, ...raised }, { isForced: true });
  }

  /** Discards what is beyond the last so many in the order of time. */
  retain(at: number, key: string, keeps: number): void {
    const store = this.store(at);
    const beyond = this.oracle.retention(store.vector.entries(), key, keeps, store.clock.nowMs());
    const dots = beyond.map(({ origin, seq }) => ({ origin, seq }));
    if (dots.length > 0) this.accept(at, { kind: 'discard', key, dots, passed: [] }, { keeps });
  }

  /** A removal; nothing happens if it would remove nothing. */
  remove(at: number, key: string, target: Target): void {
    const store = this.store(at);
    const nowMs = store.clock.nowMs();
    const removed = this.oracle.targets(store.vector.entries(), key, target, nowMs);
    if (removed.length === 0) return;
    const mutation =
      target === 'allButNewest'
        ? stampTrim(store, key)
        : stampRemoval(store, key, target === 'all' ? undefined : target);
    if (!mutation) throw new Error(`${key} has something to remove`);
    this.accept(at, mutation);
  }

  /** Applies the next mutation of another writer, if its causes are there. Returns whether it did. */
  hear(at: number, from: number): boolean {
    const store = this.store(at);
    const seq = store.vector.seqOf(this.name(from)) + 1;
    const next = this.written.find((w) => w.origin === this.name(from) && w.seq === seq);
    if (!next || !store.vector.covers(next.observed)) return false;
    store.clock.witness(next.fleetMs);
    store.apply(next.origin, next.seq, next.mutation);
    return true;
  }

  private accept(at: number, mutation: Mutation, more: Intent & { readonly wallMs?: number } = {}): void {
    const store = this.store(at);
    const origin = this.name(at);
    const before = store.vector.entries();
    const fleetMs = store.clock.nowMs();
    recordMutation(this.oracle, origin, before, mutation, { wallMs: more.wallMs ?? fleetMs, fleetMs }, more);
    const seq = store.vector.seqOf(origin) + 1;
    store.apply(origin, seq, mutation);
    this.written.push({ origin, seq, mutation, observed: before, fleetMs });
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
    const opened = VersionVector.of(to.vector.origins, this.vector);
    this.stage = new Stage(opened, differingParts(to, hashes), to.vector.copy());
    this.stage.takeFloors(from.floors.entries());
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
    this.finish();
  }

  /** Joins what has been paged. */
  finish(): void {
    const { lab, giver, taker } = this;
    lab.store(taker).clock.witness(lab.store(giver).clock.nowMs());
    joinStage(lab.store(taker), this.stage);
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
