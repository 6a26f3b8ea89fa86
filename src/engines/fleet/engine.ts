import type { Attempt } from '../../core/attempt.js';
import type { Origin, VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import { FleetClock } from '../../core/fleet-clock.js';
import { isSibling } from '../../core/lines.js';
import { keysBeyond } from '../../core/oldest-rows.js';
import type { RetentionBound } from '../../core/retention.js';
import type { DiscardMutation, InsertMutation, Mutation, RemoveDotsMutation } from '../../core/mutation.js';
import type { EntryRecord } from '../../core/record.js';
import type { Loser } from '../../core/request-memory.js';
import { Store } from '../../core/store.js';
import type { HasCapacity, Usage } from '../../ports/capacity.js';
import type { ChangeFeed, ChangeListener } from '../../ports/changes.js';
import type {
  Answers,
  Capabilities,
  Engine,
  Head,
  Insert,
  OfKind,
  Query,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { BeyondPage, BoundOf, Retains, WalkPlace } from '../../ports/retention.js';
import type { MemberOptions } from './replication/member-options.js';
import { Member } from './replication/member.js';
import { causeMarkOf, CauseMarks } from './cause-marks.js';
import { FleetGuarantees } from './guarantees.js';
import { FloorKeeper, type UpkeepDeps } from './floor-keeper.js';
import { answerTo, assertOffered, tellsNewest } from '../plan.js';
import { Room } from '../room.js';
import { defaultFleetTuning } from './replication/tuning.js';
import { Requests } from './requests.js';
import { Sweeper } from './sweeper.js';
import { FleetWatches } from './watching/watches.js';
import { planWrite, type PlannedWrite } from '../store-plan.js';
import { readLine, scanStore } from '../store-scan.js';
import { tellOf } from '../tell-changes.js';

/**
 * The fleet engine: every server holds all data, applies writes at once, and tells the others (eventual, causal+).
 *
 *     local   write → plan         ┐
 *     remote  bus → causally ready ┴→ store.apply → outbox (if local) → answer
 */
export class FleetEngine implements Engine, ChangeFeed, HasCapacity, Retains {
  readonly capabilities: Capabilities = {
    heads: true,
    remembersRequests: true,
    linearizable: false,
    durable: false,
    pipelined: true,
    commits: 'here',
    everything: true,
    restores: true,
    expires: true,
    watches: true,
  };
  readonly store: Store;
  readonly member: Member;
  readonly guarantees: FleetGuarantees;
  readonly requests: Requests;
  readonly room: Room;
  private readonly listeners: ChangeListener[] = [];
  private readonly sweeper: Sweeper;
  private readonly floorKeeper: FloorKeeper;
  /** When this server last kept the retention, or began, monotonic ms. */
  private retainedMs: number;
  private readonly marks: CauseMarks;
  readonly watches: FleetWatches;

  /**
   * @param options `fleet`: its name, which session tokens carry
   * @param carry carries out mutations planned by the engine itself; needed where a write takes more than {@link accept}
   */
  constructor(
    private readonly options: MemberOptions,
    carry: UpkeepDeps['step'] = (plan) => this.carryOut(plan),
  ) {
    const { origin: self, fleet = '', time, random, tuning = defaultFleetTuning } = options;
    this.room = new Room(tuning);
    this.store = new Store(new FleetClock(() => time.wallMs(), tuning.clockDriftMs));
    this.member = new Member(this.store, options);
    const { causes } = this.member;
    this.marks = new CauseMarks({ self, causes, time, logger: options.logger, step: carry });
    const step: UpkeepDeps['step'] = (plan) =>
      carry(() => {
        this.marks.assertCausesFit();
        return plan();
      });
    this.guarantees = new FleetGuarantees(fleet, self, this.store, this.member, this.marks, time);
    this.requests = new Requests({
      ...{ self, store: this.store, time, random, tuning },
      undo: (loser) => step(() => [removalOf(loser)]),
    });
    const { store, member } = this;
    const isLowest = (): boolean => member.isLowest;
    const mayWrite = (): boolean => member.mayUseAll;
    const upkeep = { store, time, tuning, isLowest, mayWrite, step };
    this.sweeper = new Sweeper(upkeep);
    this.floorKeeper = new FloorKeeper(upkeep);
    this.retainedMs = time.monotonicMs();
    this.watches = new FleetWatches({
      ...{ fleet, self, store, member, time, random, tuning },
      shorten: () => this.marks.make(),
      isConnected: () => options.bus.connected,
      facts: { isStable: this.isStable, isSibling: (key, version) => isSibling(store, key, version) },
    });
    this.store.observer = {
      applied: (mutation, origin, seq, removed) => {
        if (removed) this.watches.noteRemoved(seq, removed);
        this.requests.noteApplied(mutation, origin, seq);
        for (const listener of this.listeners) tellOf(mutation, this.store, listener);
      },
      replaced: () => {
        this.requests.noteJoined();
        for (const listener of this.listeners) listener.replaced();
      },
    };
  }

  get origin(): Origin {
    return this.options.origin;
  }

  /**
   * Joins the fleet. Reads and writes are refused until the member is `serving`.
   * @param frontier see {@link Member.start}
   */
  start(frontier?: VectorEntries): void {
    // The data loaded from disk may hold two attempts of one request.
    this.requests.reviewAll();
    this.member.start(frontier);
    this.sweeper.start();
    this.floorKeeper.start();
  }

  /** Leaves the fleet: see {@link Member.stop}. */
  stop(): Promise<boolean> {
    this.sweeper.stop();
    this.floorKeeper.stop();
    this.endWatches();
    return this.member.stop();
  }

  endWatches(): void {
    this.watches.stop();
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Answers[K];
  read(query: Query): Answers[Query['kind']] {
    this.assertServing();
    switch (query.kind) {
      case 'version':
        return this.store.get(query.key, query.version);
      case 'instant':
        return this.store.getAt(query.key, query.timestamp);
      case 'heads':
        return this.store.heads(query.key).map(headOf);
      case 'line':
        return readLine(this.store, query, this.isStable);
    }
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Answers[K];
  write(write: Write): Answers[Write['kind']] {
    this.assertWritable();
    const { mutations, answer } = this.plan(write);
    for (const mutation of mutations) this.accept(mutation);
    return answer;
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    this.assertServing();
    if (scan.kind === 'watch') return this.watches.begin(scan);
    return scanStore(this.store, scan, this.isStable);
  }

  /**
   * The lowest server keeps the retention. Others do one walk after a while, in which they find nothing unless the lowest
   * cannot write: its disk may be full, or its clock wrong.
   */
  keepsRetention(): boolean {
    const { time, tuning = defaultFleetTuning } = this.options;
    const nowMs = time.monotonicMs();
    const isDue = this.member.isLowest || nowMs - this.retainedMs > tuning.retentionPatienceMs;
    if (!isDue || !this.member.mayUseAll) return false;
    this.retainedMs = nowMs;
    return true;
  }

  beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): BeyondPage {
    const { keySpace } = this.store;
    return keysBeyond(keySpace, typeof from === 'number' ? from : 0, boundOf, this.options.time.wallMs());
  }

  retain(key: string, bound: RetentionBound, most: number): number {
    this.assertWritable();
    const removal = this.planRetention(key, bound, most);
    if (removal !== undefined) this.accept(removal);
    return removal?.dots.length ?? 0;
  }

  /** The removal of what is beyond a bound now; `undefined` if there is nothing. */
  planRetention(key: string, bound: RetentionBound, most: number): DiscardMutation | undefined {
    this.marks.assertCausesFit();
    return this.store.key(key).removalBeyond(bound, this.options.time.wallMs(), most);
  }

  capacity(): readonly Usage[] {
    return this.room.usage(this.store);
  }

  /**
   * Plans what a write does to the store as it is now, and its answer.
   * @param earlier see {@link planWrite}
   * @throws KvsError
   */
  plan(write: Write, earlier?: InsertMutation): PlannedWrite {
    assertOffered(this.capabilities, write);
    this.marks.assertCausesFit();
    if (isInsert(write) && write.attempt !== undefined) {
      const repeated = this.planRepeated(write, write.attempt);
      if (repeated !== undefined) return repeated;
    }
    if (expires(write) && !this.member.mayUseAll) throw notYet();
    return planWrite(this, write, this.options.time.wallMs(), earlier);
  }

  /** Plans a repeated request: nothing is written but a mark that has the earlier attempt among its causes. */
  private planRepeated(write: Insert, attempt: Attempt): PlannedWrite | undefined {
    const { key, value } = write;
    const known = this.requests.answerTo(attempt, key, value);
    if (known === undefined) return undefined;
    // The newest row before it, if that is still stored.
    const previous = tellsNewest(write) ? this.store.getAt(key, known.timestamp - 1) : undefined;
    const { version, timestamp } = known;
    return {
      // A peer that confirms this server's writes then also holds the entry that is answered with.
      mutations: known.origin === this.origin ? [] : [causeMarkOf(key, version)],
      answer: answerTo(write, { kind: 'add', version, timestamp }, previous),
    };
  }

  /** Whether every serving peer that is known holds a dot. */
  private readonly isStable = (origin: Origin, seq: number): boolean =>
    this.member.holdings.allHold(origin, seq);

  /** Reports every change, local or from a peer, to a listener. */
  watch(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  /** Applies and publishes a local mutation, stamped just now (or, with a journal, before it became durable). */
  accept(mutation: Mutation): void {
    const seq = this.store.vector.seqOf(this.origin) + 1;
    this.store.apply(this.origin, seq, mutation);
    this.member.publish(seq, mutation);
    this.watches.wrote(seq, mutation);
  }

  private carryOut(plan: () => readonly Mutation[]): void {
    this.assertWritable();
    for (const mutation of plan()) this.accept(mutation);
  }

  private assertServing(): void {
    if (this.member.state === 'serving') return;
    if (this.member.state === 'joining') {
      throw new KvsError(
        'SERVIDOR_ENTRANDO',
        'o servidor ainda está recebendo o estado da frota; tente daqui a pouco',
      );
    }
    throw new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
  }

  /** @throws KvsError SERVIDOR_ENTRANDO, SERVIDOR_SAINDO, LIMITE_ORIGENS, RELOGIO_ADIANTADO */
  assertWritable(): void {
    this.assertServing();
    this.room.assertOriginFits(this.store, this.origin);
    const leadMs = this.member.clockLeadMs;
    if (leadMs > this.member.clockDriftMs) {
      const seconds = Math.round(leadMs / 1000);
      throw new KvsError(
        'RELOGIO_ADIANTADO',
        `o relógio deste servidor está ${seconds} s adiante da frota; acerte-o`,
      );
    }
  }
}

/** Removes one entry of a request that was written twice. */
function removalOf({ key, version, origin, seq }: Loser): RemoveDotsMutation {
  return { kind: 'removeDots', key, version, dots: [{ origin, seq }] };
}

function isInsert(write: Write): write is Insert {
  return write.kind === 'insert' || write.kind === 'put';
}

/** Whether a write adds an entry that expires. */
function expires(write: Write): boolean {
  return 'ttlMs' in write
    ? write.ttlMs !== undefined
    : write.kind === 'restore' && write.expiresAt !== undefined;
}

function notYet(): KvsError {
  return new KvsError(
    'NAO_SUPORTADO',
    'há na frota um servidor de versão anterior, que não conhece prazos (ttl): atualize todos e tente de novo',
  );
}

function headOf({ value, timestamp, origin, context, seq }: EntryRecord): Head {
  return { value, timestamp, origin, clock: [...context, [origin, seq]] };
}
