import { expect, it } from 'vitest';
import { Changes } from '../../../../src/core/changes.js';
import type { VectorEntries } from '../../../../src/core/dot.js';
import { FleetClock } from '../../../../src/core/fleet-clock.js';
import { hashString } from '../../../../src/core/hash.js';
import { limits } from '../../../../src/core/limits.js';
import type { Mutation } from '../../../../src/core/mutation.js';
import { PartSet } from '../../../../src/core/parts.js';
import type { KeyFragment } from '../../../../src/core/record.js';
import { replaceByStage, Stage } from '../../../../src/core/stage.js';
import { Store } from '../../../../src/core/store.js';
import { VersionVector } from '../../../../src/core/vector.js';
import { walkPage, WALK_START } from '../../../../src/core/walk.js';
import { Checkpointer } from '../../../../src/engines/fleet/checkpoint.js';
import { StoreLoader } from '../../../../src/engines/fleet/store-loader.js';
import type { BatchCodec } from '../../../../src/ports/bus.js';
import type { Time } from '../../../../src/ports/time.js';
import { SimDisk, SimJournal } from '../../../support/sim-journal.js';
import { SeededRandom } from '../../../support/sim-random.js';
import { realTime } from '../../../support/real-time.js';

const SEEDS = 150;
const STEPS = 120;
const KEYS = ['a', 'b', 'c', 'd', 'e'];
const ORIGINS = Array.from({ length: 50 }, (_, i) => `o${i}`);
const NEVER_LOGGED: BatchCodec = {
  pack: () => '',
  unpack: () => {
    throw new Error('the log is empty');
  },
};

/** All that readers, writers and peers can tell of a store. */
interface Content {
  readonly keys: readonly KeyFragment[];
  readonly vector: VectorEntries;
  readonly hash: string;
  readonly floors: ReturnType<Store['floors']['entries']>;
}

function contentOf(store: Store): Content {
  return {
    keys: [...store.fragments()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    vector: [...store.vector.entries()].sort(),
    hash: store.hash(),
    floors: store.floors.entries(),
  };
}

/** One store, written by several origins, and its journal on a disk that may refuse. */
class Bench {
  readonly disk = new SimDisk();
  store: Store;
  /** What the disk must give back: the store when the last state ended that may be there. */
  private saved: Content;
  private busy = false;
  private due: (() => void)[] = [];
  private refuses = false;
  private changes: Changes;
  private checkpointer: Checkpointer;
  restarts = 0;
  forgotten = 0;

  constructor(private readonly random: SeededRandom) {
    this.store = this.emptyStore();
    this.saved = contentOf(this.store);
    this.changes = this.newChanges();
    this.checkpointer = this.newCheckpointer();
    this.store.track(this.changes);
  }

  step(): void {
    const { random } = this;
    const dice = random.next();
    if (dice < 0.4) this.write();
    else if (dice < 0.85) this.turn();
    else if (dice < 0.95) this.checkpoint();
    else if (dice < 0.96) this.replace();
    else this.restart();
  }

  /** Writes what is left, and starts from it. */
  finish(): void {
    this.settle();
    this.checkpoint(0);
    this.settle();
    expect(this.saved).toEqual(contentOf(this.store));
    this.restart();
  }

  private emptyStore(): Store {
    const store = new Store(new FleetClock(() => 1_000, 1_000));
    // Origins are numbered before they write anything.
    for (const origin of ORIGINS) if (this.random.chance(0.5)) store.vector.indexOf(origin);
    return store;
  }

  private newChanges(): Changes {
    return new Changes(this.random.pick([20, 1_000]));
  }

  private newCheckpointer(): Checkpointer {
    const time: Time = {
      ...realTime,
      atEndOfTurn: (call) => void this.due.push(call),
      after: (_, call) => {
        this.due.push(call);
        return () => undefined;
      },
    };
    const fate = {
      full: false,
      delaysMs: () => [1, 1] as const,
      leavesGhost: () => this.random.chance(0.5),
    };
    Object.defineProperty(fate, 'full', { get: () => this.refuses });
    const journal = new SimJournal(this.disk, fate, time, () => () => undefined);
    return new Checkpointer(this.store, this.changes, journal, time, 2, () => []);
  }

  private settle(): void {
    while (this.busy) this.turn();
  }

  private turn(): void {
    for (const call of this.due.splice(0)) call();
  }

  private checkpoint(refusals = 0.2): void {
    if (this.busy) return;
    this.busy = true;
    this.refuses = this.random.chance(refusals);
    let ended: Content | undefined;
    const onEnd = (): void => void (ended = contentOf(this.store));
    this.checkpointer.run(onEnd, (failure) => {
      this.busy = false;
      if (!failure && ended) this.saved = ended;
    });
  }

  /** Starts anew from the disk: what was not in a state is gone, and its origins go on from there. */
  private restart(): void {
    // A state that was refused may be there all the same: then it is that which comes back.
    if (this.busy || this.refuses) return;
    this.store = this.emptyStore();
    this.changes = this.newChanges();
    this.checkpointer = this.newCheckpointer();
    const noteMarked = (key: string): void => this.checkpointer.noteMarked(key);
    const loader = new StoreLoader('eu', this.store, NEVER_LOGGED, noteMarked, () => undefined);
    loader.origins([...this.disk.origins]);
    loader.head(this.disk.head);
    for (const [key, { mark, entries }] of this.disk.state) {
      if (mark || entries.size > 0) loader.key({ key, mark, entries: [...entries.values()] });
    }
    // What is not needed any more is not on the disk either.
    const before = this.store.keyCount;
    this.store.keySpace.counters.normalizeAll();
    expect(this.store.keyCount).toBe(before);
    expect(contentOf(this.store)).toEqual(this.saved);
    this.store.track(this.changes);
    this.restarts++;
  }

  /** The content of the store stays, in other rows and slots. */
  private replace(): void {
    const { store } = this;
    const stage = new Stage(store.vector.copy(), PartSet.all(), new VersionVector(store.vector.origins));
    stage.takeFloors(store.floors.entries());
    stage.takePage([], walkPage(store, WALK_START, PartSet.all(), 1e9).keys);
    replaceByStage(store, stage);
  }

  private write(): void {
    const { random, store } = this;
    // Most origins write rarely: what a refused state said of them must be said again.
    const origin = random.chance(0.7) ? 'oA' : random.pick(ORIGINS);
    const seq = store.vector.seqOf(origin) + 1;
    const before = store.keyCount;
    store.apply(origin, seq, this.mutation(random.pick(KEYS)));
    this.forgotten += Math.max(0, before - store.keyCount);
    const space = store.keySpace;
    const slot = space.keys.find(random.pick(KEYS));
    const [row] = slot === undefined ? [] : space.rows(slot);
    // An attempt that becomes known later.
    if (slot !== undefined && row !== undefined && random.chance(0.1))
      space.noteAttempt(slot, row, { id: `loyw438s-${seq}`, number: 1 });
  }

  private mutation(key: string): Mutation {
    const { random, store } = this;
    const { keySpace: space } = store;
    const slot = space.keys.find(key);
    const rows = slot === undefined ? [] : space.rows(slot);
    const dots = rows.map((row) => ({ origin: space.entries.originName(row), seq: space.entries.seq(row) }));
    const observed: VectorEntries = dots.map(({ origin, seq }) => [origin, seq]);
    const dice = random.next();
    if (dice < 0.15 && dots.length > 0) {
      const dot = random.pick(dots);
      return { kind: 'discard', key, dots: [dot], passed: random.chance(0.5) ? latestOf(observed) : [] };
    }
    if (dice < 0.4) return { kind: 'removeObserved', key, observed: latestOf(observed), keep: undefined };
    if (dice < 0.55) {
      const part = hashString(key) & (limits.parts - 1);
      const paceMs = random.int(0, 5);
      const version = space.counters.version(key, slot) + random.int(-1, 1);
      const timestamp = space.counters.timestamp(key, slot) + random.int(-1, 1);
      return {
        ...{ kind: 'raiseFloor', part, paceMs },
        ...{ version: Math.max(0, version), timestamp: Math.max(0, timestamp) },
      } as const;
    }
    return {
      ...{ kind: 'insert', key, value: `v${random.int(1, 1e6)}` },
      // A lower one is a concurrent write.
      version: Math.max(1, space.counters.version(key, slot) + random.int(0, 1)),
      timestamp: Math.max(1, space.counters.timestamp(key, slot) + random.int(0, 1)),
      context: random.chance(0.7) ? latestOf(observed) : [],
      ...(random.chance(0.3) ? { expiresAt: random.int(500, 1_500) } : {}),
    } as const;
  }
}

/** The last seq of each origin. */
function latestOf(dots: VectorEntries): VectorEntries {
  const latest = new Map<string, number>();
  for (const [origin, seq] of dots) latest.set(origin, Math.max(seq, latest.get(origin) ?? 0));
  return [...latest];
}

it('a state on the disk is exactly the store, whatever changes while it is written', () => {
  let [restarts, forgotten] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const bench = new Bench(new SeededRandom(seed));
    try {
      for (let i = 0; i < STEPS; i++) bench.step();
      bench.finish();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    restarts += bench.restarts;
    forgotten += bench.forgotten;
  }
  expect(restarts).toBeGreaterThan(SEEDS);
  expect(forgotten).toBeGreaterThan(SEEDS / 2);
});
