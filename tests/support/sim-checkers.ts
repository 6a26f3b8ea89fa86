import type { Origin, VectorEntries } from '../../src/core/dot.js';
import type { FleetEngine } from '../../src/engines/fleet/engine.js';
import type { FleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { assertTrue, stateText } from './oracle-compare.js';
import { vectorText, Violation, type Oracle } from './oracle.js';

/** What all servers of a run must agree on. */
export class FleetChecker {
  private readonly hashes = new Map<string, string>();
  /** Of each origin, the steps of several mutations: the last seq by the first. */
  private readonly steps = new Map<Origin, Map<number, number>>();
  private readonly forgotten = new Set<Origin>();

  constructor(readonly oracle: Oracle) {}

  /** Steps of several mutations. */
  get stepCount(): number {
    return [...this.steps.values()].reduce((sum, steps) => sum + steps.size, 0);
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

  /** Equal vectors mean equal hashes, whoever has them and whenever. */
  noteHash(who: Origin, vector: string, hash: string): void {
    const known = this.hashes.get(vector) ?? hash;
    this.hashes.set(vector, known);
    if (known !== hash) throw new Violation(`${who} has hash ${hash} instead of ${known} at ${vector}`);
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
    const seen = `${store.vector.digest()} ${store.entryCount} ${store.keyCount} ${transfers} ${transfersDiscarded}`;
    if (seen === this.last && !force) return;
    this.last = seen;
    assertTrue(origin, store, this.fleet.oracle);
    this.fleet.assertWhole(origin, origin, store.vector.seqOf(origin));
    const vector = store.vector.entries();
    this.fleet.assertForgotten(origin, vector);
    this.fleet.noteHash(origin, vectorText(vector), store.hash());
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
    const found = new Map<string, number>();
    for (const { key, greatestVersion } of store.fragments()) found.set(key, greatestVersion);
    for (const [key, version] of this.versions) {
      if ((found.get(key) ?? 0) < version) throw new Violation(`${origin}: the version of ${key} went back`);
    }
    for (const [key, version] of found) this.versions.set(key, version);
  }

  private checkBounds(): void {
    const { tuning } = this;
    const { receiver, repair, peers } = this.engine.member;
    const outbox = field(this.engine.member, 'outbox') as object;
    const log = field(outbox, 'log') as object;
    const kept = (field(log, 'items') as (object | null)[]).slice(field(log, 'start') as number);
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

/** A field of an object under test, its private ones too; it must be there, so that no check goes blind. */
export function field(owner: object, name: string): unknown {
  if (!Reflect.has(owner, name)) throw new Error(`there is no field ${name} to check any more`);
  return Reflect.get(owner, name);
}
