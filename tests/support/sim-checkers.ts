import type { Origin, VectorEntries } from '../../src/core/dot.js';
import type { FleetEngine } from '../../src/engines/fleet/engine.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import type { Mutation } from '../../src/core/mutation.js';
import type { Stage } from '../../src/core/stage.js';
import { field } from './fields.js';
import { assertTrue, stateText } from './oracle-compare.js';
import { recordMutation, type Intent } from './oracle-record.js';
import { vectorText, Violation, type Moment, type Oracle } from './oracle.js';
import { noLife } from './sim-life.js';

/** What all servers of a run must agree on. */
export class FleetChecker {
  private readonly hashes = new Map<string, string>();
  private readonly contents = new Map<string, string>();
  /** What the oracle must know of mutations that were forced. */
  readonly intents = new WeakMap<Mutation, Intent>();
  readonly life = noLife();
  /** Of each origin, the steps of several mutations: the last seq by the first. */
  private readonly steps = new Map<Origin, Map<number, number>>();
  private readonly forgotten = new Set<Origin>();

  constructor(readonly oracle: Oracle) {}

  /** Steps of several mutations. */
  get stepCount(): number {
    return [...this.steps.values()].reduce((sum, steps) => sum + steps.size, 0);
  }

  /** Tells the oracle of a mutation that was accepted by its writer. */
  record(origin: Origin, before: VectorEntries, mutation: Mutation, at: Moment): void {
    const { life, intents } = this;
    const intent = intents.get(mutation);
    recordMutation(this.oracle, origin, before, mutation, at, intent);
    if (mutation.kind === 'insert' && mutation.expiresAt !== undefined) life.expiring++;
    if (mutation.kind === 'raiseFloor' && !intent) life.raises++;
    if (mutation.kind !== 'discard') return;
    if (!intent) life.sweeps++;
    if (mutation.passed.length > 0) life.passed++;
  }

  /** These mutations are one step. */
  noteStep(origin: Origin, first: number, last: number): void {
    if (first === last) return;
    const steps = this.steps.get(origin) ?? new Map<number, number>();
    this.steps.set(origin, steps.set(first, last));
  }

  /** What a server has of its own mutations (or its folder, of a former incarnation's) is never a part of a step. */
  assertWhole(who: Origin, origin: Origin, seq: number): void {
    for (const [first, last] of this.steps.get(origin) ?? []) {
      if (first <= seq && seq < last)
        throw new Violation(`${who} has ${origin}:${seq} of ${first} … ${last}`);
    }
  }

  /** Nobody is left who knew of these, and no disk: from now on they must not be heard of again. */
  forget(origins: readonly Origin[]): void {
    for (const origin of origins) this.forgotten.add(origin);
  }

  /** A server that began after everybody had forgotten an origin knows nothing of it. */
  assertForgotten(who: Origin, vector: VectorEntries): void {
    if (this.forgotten.size === 0 || this.forgotten.has(who)) return;
    const risen = vector.find(([origin]) => this.forgotten.has(origin));
    if (risen) throw new Violation(`${who} has ${risen.join(':')} of an earlier life of the fleet`);
  }

  /** Equal vectors mean equal hashes, and equal hashes equal contents, whoever has them and whenever. */
  noteHash(who: Origin, vector: string, hash: string, content: string): void {
    const known = this.hashes.get(vector) ?? hash;
    this.hashes.set(vector, known);
    if (known !== hash) throw new Violation(`${who} has hash ${hash} instead of ${known} at ${vector}`);
    const contents = this.contents.get(hash) ?? content;
    this.contents.set(hash, contents);
    if (contents !== content)
      throw new Violation(`${who} has hash ${hash} for\n${content}\nand\n${contents}`);
  }

  /** Everyone serves, with the same vector, content and hash. */
  assertConverged(engines: readonly FleetEngine[]): void {
    const [first] = engines;
    if (!first) throw new Violation('nobody is left');
    for (const engine of engines) {
      if (engine.member.state !== 'serving')
        throw new Violation(`${engine.origin} is ${engine.member.state}`);
      if (engine.member.diverged) throw new Violation(`${engine.origin} raised the alarm`);
      assertTrue(engine.origin, engine.store, this.oracle);
      const same = {
        vector: vectorText(engine.store.vector.entries()) === vectorText(first.store.vector.entries()),
        digest: engine.store.vector.digest() === first.store.vector.digest(),
        state: stateText(engine.store) === stateText(first.store),
        hash: engine.store.hash() === first.store.hash(),
      };
      if (Object.values(same).includes(false)) {
        throw new Violation(`${engine.origin} and ${first.origin} differ: ${JSON.stringify(same)}`);
      }
    }
  }
}

/** Watches one server, turn by turn, against the true history. */
export class ServerChecker {
  private last = '';
  private readonly seqs = new Map<Origin, number>();
  private readonly versions = new Map<string, number>();
  private keySlots = { free: 0, end: 0, kept: 0 };
  private staged: Stage | undefined;

  constructor(
    private readonly engine: FleetEngine,
    private readonly tuning: FleetTuning,
    private readonly fleet: FleetChecker,
  ) {}

  /**
   * Checks everything if something may have changed since the last time.
   * @param force checks in any case
   */
  check(force: boolean): void {
    const { store, member, origin } = this.engine;
    const { transfers, transfersDiscarded } = member.repair.counters;
    this.noteLife();
    const seen = `${store.vector.digest()} ${store.entryCount} ${store.keyCount} ${transfers} ${transfersDiscarded}`;
    if (seen === this.last && !force) return;
    this.last = seen;
    const content = assertTrue(origin, store, this.fleet.oracle);
    this.fleet.assertWhole(origin, origin, store.vector.seqOf(origin));
    const vector = store.vector.entries();
    this.fleet.assertForgotten(origin, vector);
    this.fleet.noteHash(origin, vectorText(vector), store.hash(), content);
    const now = new Map(vector);
    for (const [known, seq] of this.seqs) {
      if ((now.get(known) ?? 0) < seq) throw new Violation(`${origin} went back on ${known}:${seq}`);
    }
    for (const [known, seq] of vector) this.seqs.set(known, seq);
    this.checkVersions();
    this.checkBounds();
  }

  private checkVersions(): void {
    const { store, origin } = this.engine;
    for (const { key } of store.fragments()) if (!this.versions.has(key)) this.versions.set(key, 0);
    for (const [key, version] of this.versions) {
      const { greatestVersion } = store.key(key);
      if (greatestVersion < version) throw new Violation(`${origin}: the version of ${key} went back`);
      this.versions.set(key, greatestVersion);
    }
  }

  /** Counts what happens out of sight: keys forgotten, slots used again, parts with floors that a transfer skips. */
  private noteLife(): void {
    const { life } = this.fleet;
    const { store, member } = this.engine;
    const { keys } = store.keySpace;
    const before = this.keySlots;
    const free = (field(keys, 'free') as unknown[]).length;
    this.keySlots = { free, end: keys.slotEnd, kept: keys.count };
    if (keys.slotEnd >= before.end) {
      life.forgotten += Math.max(0, free - before.free);
      life.reused += Math.max(0, before.free - free);
    }
    const transfer = field(member.repair, 'transfer') as object | undefined;
    const stage = transfer && (field(transfer, 'stage') as Stage | undefined);
    if (stage && stage !== this.staged && store.floors.entries().some(({ part }) => !stage.wanted.has(part)))
      life.skippedFloors++;
    this.staged = stage;
  }

  private checkBounds(): void {
    const { tuning } = this;
    const { receiver, repair, peers } = this.engine.member;
    const outbox = field(this.engine.member, 'outbox') as object;
    const log = field(outbox, 'log') as object;
    const kept = (field(log, 'items') as (object | null)[]).slice(field(log, 'oldest') as number);
    const transfer = field(repair, 'transfer') as object | undefined;
    const stage = transfer && (field(transfer, 'stage') as object | undefined);
    const held = [...(field(receiver, 'held') as Map<Origin, unknown[]>).values()];
    const sizes: readonly (readonly [string, number, number])[] = [
      ['held batches', held.flat().length, tuning.heldBatches],
      ['queued batches', (field(outbox, 'queue') as unknown[]).length, tuning.outboxQueuedBatches],
      ['batches in flight', field(outbox, 'inFlight') as number, tuning.outboxBatches],
      ['logged batches', kept.filter((item) => item !== null).length, Math.max(1, tuning.logBatches)],
      ['replays', stage ? (field(stage, 'replays') as unknown[]).length : 0, tuning.stageReplayMutations],
      ['peers', peers.all().length, tuning.peers],
    ];
    for (const [name, size, most] of sizes) {
      if (size > most) throw new Violation(`${this.engine.origin} has ${size} ${name}, at most ${most}`);
    }
    if (held.flat().length !== field(receiver, 'heldBatches')) {
      throw new Violation(`${this.engine.origin} lost count of its held batches`);
    }
  }
}
