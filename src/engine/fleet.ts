import type { Origin } from '../core/dot.js';
import { assertCommitFits } from '../core/commit-size.js';
import { KvsError } from '../core/errors.js';
import type { Mutation } from '../core/mutation.js';
import { Store } from '../core/store.js';
import { everyVersion } from '../core/point-view.js';
import { isPresent, timestampLeast, withOriginalStamp } from '../core/stamping.js';
import type { ChangeFeed, ChangeListener } from '../ports/changes.js';
import type {
  Capabilities,
  Commit,
  Engine,
  Head,
  Put,
  RangeRow,
  Restored,
  Row,
  Stream,
} from '../ports/engine.js';
import { Member, type MemberOptions } from '../replication/member.js';
import { FleetGuarantees } from './guarantees.js';
import { assertOriginFits, assertRoomFor } from './admission.js';
import { guardsHold, stampWrites } from './commit.js';
import { tellOf } from './watch.js';

/**
 * The fleet engine: every server holds everything, writes at once, and tells the others (eventual, causal+).
 *
 *     local   insert → store.stamp ┐
 *     remote  bus → causally ready ┴→ store.apply → outbox (if local) → answer
 */
export class FleetEngine implements Engine, ChangeFeed {
  readonly capabilities: Capabilities = {
    heads: true,
    linearizable: false,
    durable: false,
    pipelined: true,
    commits: 'here',
  };
  readonly store = new Store();
  readonly member: Member;
  readonly guarantees: FleetGuarantees;

  /** @param options `fleet`: its name, which session tokens carry */
  constructor(private readonly options: MemberOptions) {
    const { origin, fleet = '' } = options;
    this.member = new Member(this.store, options);
    this.guarantees = new FleetGuarantees(fleet, origin, this.store, this.member);
  }

  get origin(): Origin {
    return this.options.origin;
  }

  /** Joins the fleet. Reads and writes are refused until the member is `serving`. */
  start(): void {
    this.member.start();
  }

  /** Takes leave of the fleet: see {@link Member.stop}. */
  stop(): Promise<boolean> {
    return this.member.stop();
  }

  insert(key: string, value: string): { readonly version: number; readonly timestamp: number } {
    this.assertWritable();
    assertRoomFor(this.store, key, value);
    const mutation = this.store.stampInsert(this.origin, key, value, this.options.time.wallMs());
    this.accept(mutation);
    return mutation;
  }

  put(key: string, value: string): Put {
    const previous = this.store.getAt(key);
    const { version, timestamp } = this.insert(key, value);
    return { row: { key, value, version, timestamp }, previous };
  }

  query(key: string, version: number | undefined): Row | undefined {
    this.assertServing();
    return this.store.get(key, version);
  }

  queryAt(key: string, timestamp: number | undefined): Row | undefined {
    this.assertServing();
    return this.store.getAt(key, timestamp);
  }

  remove(key: string, version: number | undefined): void {
    this.assertWritable();
    const { store } = this;
    this.accept(version === undefined ? store.stampRemoveAll(key) : store.stampRemoveVersion(key, version));
  }

  removeAll(key: string): Row | undefined {
    this.assertWritable();
    const newest = this.store.getAt(key);
    if (newest) this.accept(this.store.stampRemoveAll(key));
    return newest;
  }

  trim(key: string): Row | undefined {
    this.assertWritable();
    const removal = this.store.stampTrim(key);
    if (removal) this.accept(removal);
    return this.store.getAt(key);
  }

  commit(change: Commit): boolean {
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
    this.store.observer = {
      applied: (mutation) => {
        tellOf(mutation, this.store, listener);
      },
      replaced: () => {
        listener.replaced();
      },
    };
  }

  snapshot(version: number | undefined): Stream<Row> {
    this.assertServing();
    return this.store.values(version);
  }

  range(from: string, to: string, timestamp: number | undefined): Stream<RangeRow> {
    this.assertServing();
    return this.store.range(from, to, timestamp);
  }

  everything(): Stream<Row> {
    this.assertServing();
    return everyVersion(this.store);
  }

  restore(row: Row): Restored {
    this.assertWritable();
    const { key, value, version } = row;
    if (isPresent(this.store, row)) return { version, outcome: 'present' };
    assertRoomFor(this.store, key, value);
    const next = this.store.stampInsert(this.origin, key, value, this.options.time.wallMs());
    const insert = withOriginalStamp(next, timestampLeast(this.store, key), row);
    this.accept(insert);
    return { version: insert.version, outcome: insert === next ? 'renumbered' : 'kept' };
  }

  heads(key: string): readonly Head[] {
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
