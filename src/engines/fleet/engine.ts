import type { Attempt } from '../../core/attempt.js';
import type { Origin } from '../../core/dot.js';
import { assertCommitFits } from '../../core/commit-size.js';
import { KvsError } from '../../core/errors.js';
import type { Mutation, RemoveDotsMutation } from '../../core/mutation.js';
import type { Loser, Remembered } from '../../core/request-memory.js';
import { Store } from '../../core/store.js';
import { everyVersion, versionsOf } from '../../core/point-view.js';
import { isPresent, timestampLeast, withOriginalStamp } from '../../core/stamping.js';
import type { ChangeFeed, ChangeListener } from '../../ports/changes.js';
import type {
  Answers,
  Awaitable,
  Capabilities,
  Commit,
  Engine,
  Head,
  OfKind,
  Query,
  RangeRow,
  Restored,
  Row,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { MemberOptions } from './replication/member-options.js';
import { Member } from './replication/member.js';
import { FleetGuarantees } from './guarantees.js';
import { assertOriginFits, assertRoomFor } from '../room.js';
import { defaultFleetTuning } from './replication/tuning.js';
import { guardsHold, stampWrites } from '../commit.js';
import { Requests } from './requests.js';
import { tellOf } from '../tell-changes.js';

/**
 * The fleet engine: every server holds everything, writes at once, and tells the others (eventual, causal+).
 *
 *     local   insert → store.stamp ┐
 *     remote  bus → causally ready ┴→ store.apply → outbox (if local) → answer
 */
export class FleetEngine implements Engine, ChangeFeed {
  readonly capabilities: Capabilities = {
    heads: true,
    remembersRequests: true,
    linearizable: false,
    durable: false,
    pipelined: true,
    commits: 'here',
    everything: true,
    restores: true,
  };
  readonly store = new Store();
  readonly member: Member;
  readonly guarantees: FleetGuarantees;
  readonly requests: Requests;
  private listener: ChangeListener | undefined;

  /**
   * @param options `fleet`: its name, which session tokens carry
   * @param undo removes one entry, where writing takes more than {@link accept}
   */
  constructor(
    private readonly options: MemberOptions,
    undo?: (removal: RemoveDotsMutation) => Awaitable<void>,
  ) {
    const { origin: self, fleet = '', time, random, tuning = defaultFleetTuning } = options;
    this.member = new Member(this.store, options);
    this.guarantees = new FleetGuarantees(fleet, self, this.store, this.member);
    this.requests = new Requests({
      ...{ self, store: this.store, time, random, tuning },
      undo: (loser) => (undo ?? this.undo)(removalOf(loser)),
    });
    this.store.observer = {
      applied: (mutation, origin, seq) => {
        this.requests.noteApplied(mutation, origin, seq);
        if (this.listener) tellOf(mutation, this.store, this.listener);
      },
      replaced: () => {
        this.requests.noteJoined();
        this.listener?.replaced();
      },
    };
  }

  get origin(): Origin {
    return this.options.origin;
  }

  /** Joins the fleet. Reads and writes are refused until the member is `serving`. */
  start(): void {
    // A disk may have given both attempts of a request.
    this.requests.reviewAll();
    this.member.start();
  }

  /** Takes leave of the fleet: see {@link Member.stop}. */
  stop(): Promise<boolean> {
    return this.member.stop();
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Answers[K];
  read(query: Query): Answers[Query['kind']] {
    switch (query.kind) {
      case 'version':
        return this.query(query.key, query.version);
      case 'instant':
        return this.queryAt(query.key, query.timestamp);
      case 'heads':
        return this.heads(query.key);
    }
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Answers[K];
  write(write: Write): Answers[Write['kind']] {
    switch (write.kind) {
      case 'insert':
        return this.insert(write.key, write.value, write.attempt);
      case 'put':
        return this.put(write.key, write.value, write.attempt);
      case 'remove':
        this.remove(write.key, write.version);
        return undefined;
      case 'removeAll':
        return this.removeAll(write.key);
      case 'trim':
        return this.trim(write.key);
      case 'restore':
        return this.restore(write);
      case 'commit':
        return this.commit(write);
    }
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]>;
  scan(scan: Scan): Stream<Rows[Scan['kind']]> {
    switch (scan.kind) {
      case 'snapshot':
        return this.snapshot(scan.version);
      case 'range':
        return this.range(scan.from, scan.to, scan.timestamp);
      case 'history':
        return this.versions(scan.key);
      case 'everything':
        return this.everything();
    }
  }

  private insert(key: string, value: string, attempt?: Attempt): Answers['insert'] {
    this.assertWritable();
    return this.repeated(key, value, attempt) ?? this.insertNew(key, value, attempt);
  }

  private put(key: string, value: string, attempt?: Attempt): Answers['put'] {
    this.assertWritable();
    const known = this.repeated(key, value, attempt);
    // What was newest before it, as far as it is still here.
    const previous = this.store.getAt(key, known && known.timestamp - 1);
    const { version, timestamp } = known ?? this.insertNew(key, value, attempt);
    return { row: { key, value, version, timestamp }, previous };
  }

  /** What became of an earlier attempt, if that is the answer to this one. */
  private repeated(key: string, value: string, attempt: Attempt | undefined): Remembered | undefined {
    const known = attempt && this.requests.answerTo(attempt, key, value);
    // Whoever confirms what this server has written shall have what it answers with.
    if (known && known.origin !== this.origin) this.accept(causeMarkOf(key, known));
    return known;
  }

  private insertNew(key: string, value: string, attempt: Attempt | undefined): Answers['insert'] {
    assertRoomFor(this.store, key, value);
    const insert = this.store.stampInsert(this.origin, key, value, this.options.time.wallMs());
    this.accept(attempt === undefined ? insert : { ...insert, attempt });
    return insert;
  }

  private query(key: string, version: number | undefined): Row | undefined {
    this.assertServing();
    return this.store.get(key, version);
  }

  private queryAt(key: string, timestamp: number | undefined): Row | undefined {
    this.assertServing();
    return this.store.getAt(key, timestamp);
  }

  private remove(key: string, version: number | undefined): void {
    this.assertWritable();
    const { store } = this;
    this.accept(version === undefined ? store.stampRemoveAll(key) : store.stampRemoveVersion(key, version));
  }

  private removeAll(key: string): Row | undefined {
    this.assertWritable();
    const newest = this.store.getAt(key);
    if (newest) this.accept(this.store.stampRemoveAll(key));
    return newest;
  }

  private trim(key: string): Row | undefined {
    this.assertWritable();
    const removal = this.store.stampTrim(key);
    if (removal) this.accept(removal);
    return this.store.getAt(key);
  }

  private commit(change: Commit): boolean {
    this.assertWritable();
    assertCommitFits(change);
    const { store, origin } = this;
    if (!guardsHold(store, change.guards)) return false;
    const mutations = stampWrites(store, origin, change.writes, this.options.time.wallMs());
    for (const mutation of mutations) this.accept(mutation);
    return true;
  }

  /** Tells of every change, made here or by a peer. A second call takes the place of the first. */
  watch(listener: ChangeListener): void {
    this.listener = listener;
  }

  private snapshot(version: number | undefined): Stream<Row> {
    this.assertServing();
    return this.store.values(version);
  }

  private range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow> {
    this.assertServing();
    return this.store.range(from, to, timestamp);
  }

  private versions(key: string): Stream<Row> {
    this.assertServing();
    return versionsOf(this.store, key);
  }

  private everything(): Stream<Row> {
    this.assertServing();
    return everyVersion(this.store);
  }

  private restore(row: Row): Restored {
    this.assertWritable();
    const { key, value, version } = row;
    if (isPresent(this.store, row)) return { version, outcome: 'present' };
    assertRoomFor(this.store, key, value);
    const next = this.store.stampInsert(this.origin, key, value, this.options.time.wallMs());
    const insert = withOriginalStamp(next, timestampLeast(this.store, key), row);
    this.accept(insert);
    return { version: insert.version, outcome: insert === next ? 'renumbered' : 'kept' };
  }

  private heads(key: string): readonly Head[] {
    this.assertServing();
    return this.store.heads(key).map((head) => ({
      value: head.value,
      timestamp: head.timestamp,
      origin: head.origin,
      clock: [...head.context, [head.origin, head.seq]],
    }));
  }

  /** The road of a local mutation, stamped just now (or, with a journal, before it became durable). */
  accept(mutation: Mutation): void {
    const seq = this.store.vector.seqOf(this.origin) + 1;
    this.store.apply(this.origin, seq, mutation);
    this.member.publish(seq, mutation);
  }

  private readonly undo = (removal: RemoveDotsMutation): void => {
    this.assertWritable();
    this.accept(removal);
  };

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
    assertOriginFits(this.store, this.origin, this.member.originsLimit);
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

/** The removal of one entry that was written twice. */
function removalOf({ key, version, origin, seq }: Loser): RemoveDotsMutation {
  return { kind: 'removeDots', key, version, dots: [{ origin, seq }] };
}

/** A mutation that changes nothing, and stands behind what it was answered with: in the log, and among its causes. */
export function causeMarkOf(key: string, { version }: Remembered): RemoveDotsMutation {
  return { kind: 'removeDots', key, version, dots: [] };
}
