import { assertCommitFits } from '../../core/commit-size.js';
import type { VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Mutation } from '../../core/mutation.js';
import { Turns } from '../../core/turns.js';
import type {
  Answers,
  Capabilities,
  Engine,
  OfKind,
  Query,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { HasCapacity, Usage } from '../../ports/capacity.js';
import type { Guarantees } from '../../ports/guarantees.js';
import type { RetentionBound } from '../../core/retention.js';
import type { BeyondPage, BoundOf, Retains, WalkPlace } from '../../ports/retention.js';
import type { Journal } from '../../ports/journal.js';
import type { PlannedWrite } from '../store-plan.js';
import { assertOffered } from '../plan.js';
import { FleetEngine } from './engine.js';
import { JournalWriter } from './journal-writer.js';
import type { MemberOptions } from './replication/member-options.js';
import { defaultFleetTuning } from './replication/tuning.js';
import { LATER, type Decided } from './write-queue.js';

/** Memory that a write occupies while it waits, besides its key and value. */
const WRITE_OVERHEAD_BYTES = 200;

/** Memory of an entry that a removal names. */
const DOT_BYTES = 32;

/**
 * The fleet engine with a journal. A write is applied, published and answered only once it is durable, so nobody ever
 * sees a local write that a crash could undo. Reads are those of the {@link FleetEngine}.
 */
export class DurableFleet implements Engine, HasCapacity, Retains {
  readonly capabilities: Capabilities = {
    heads: true,
    remembersRequests: true,
    linearizable: false,
    durable: true,
    pipelined: true,
    commits: 'here',
    everything: true,
    restores: true,
    expires: true,
    watches: true,
  };
  readonly fleet: FleetEngine;
  readonly journalWriter: JournalWriter;
  private readonly turns = new Turns();
  /** The most mutations of a step that the engine itself plans. */
  private readonly stepMutations: number;
  /** The causal frontier of what was loaded, if it is known. */
  private frontier: VectorEntries | undefined;

  /** @param onDisk called when the disk begins to refuse writes, and when it accepts them again */
  constructor(
    options: MemberOptions,
    journal: Journal,
    onDisk: (healthy: boolean) => void = () => undefined,
  ) {
    const { origin, bus, time, logger, tuning = defaultFleetTuning } = options;
    const journalWriter = {
      noteReceived: (packed: string) => this.journalWriter.noteReceived(packed),
      noteJoined: () => this.journalWriter.noteJoined(),
      whenDurable: (call: () => void) => this.journalWriter.whenDurable(call),
    };
    this.stepMutations = tuning.sweepKeys;
    this.fleet = new FleetEngine({ ...options, journalWriter }, (plan) => this.step(plan));
    const { store } = this.fleet;
    const accept = (mutation: Mutation): void => this.fleet.accept(mutation);
    const frontier = (): VectorEntries => this.fleet.member.causes.frontier.entries();
    const causes = (): VectorEntries => this.fleet.member.causes.all;
    const onDecide = (): void => this.fleet.member.sealCauses();
    this.journalWriter = new JournalWriter({
      ...{
        origin,
        store,
        codec: bus,
        journal,
        time,
        logger,
        tuning,
        frontier,
        causes,
        onDecide,
        accept,
        onDisk,
      },
    });
  }

  /** Those of the fleet engine: a write is durable before it can be confirmed. */
  get guarantees(): Guarantees {
    return this.fleet.guarantees;
  }

  /**
   * Loads what the journal has kept. Meanwhile reads and writes are refused, and nothing is sent to peers.
   * @throws KvsError DADOS_INVALIDOS
   */
  async load(): Promise<void> {
    this.frontier = await this.journalWriter.load();
  }

  /** Joins the fleet with everything that was loaded. */
  start(): void {
    this.fleet.start(this.frontier);
  }

  /** Finishes the writes under way, leaves the fleet, and closes the journal. */
  async stop(): Promise<boolean> {
    await this.journalWriter.settled();
    const handedOver = await this.fleet.stop();
    await this.journalWriter.close();
    return handedOver;
  }

  keepsRetention(): boolean {
    return this.fleet.keepsRetention();
  }

  beyondFrom(from: WalkPlace | undefined, boundOf: BoundOf): BeyondPage {
    return this.fleet.beyondFrom(from, boundOf);
  }

  async retain(key: string, bound: RetentionBound, most: number): Promise<number> {
    let removed = 0;
    await this.submit(WRITE_OVERHEAD_BYTES + key.length + most * DOT_BYTES, 1, (decided) => {
      if (decided.has(key)) return LATER;
      const removal = this.fleet.planRetention(key, bound, most);
      removed = removal?.dots.length ?? 0;
      return { mutations: removal === undefined ? [] : [removal], answer: undefined };
    });
    return removed;
  }

  endWatches(): void {
    this.fleet.endWatches();
  }

  capacity(): readonly Usage[] {
    return this.fleet.capacity();
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Answers[K] {
    return this.fleet.read<K>(query);
  }

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]> {
    return this.fleet.scan<K>(scan);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]>;
  write(write: Write): Promise<Answers[Write['kind']]> {
    assertOffered(this.capabilities, write);
    if (write.kind === 'commit') assertCommitFits(write);
    const submit = (): Promise<PlannedWrite['answer']> =>
      this.submit(sizeOf(write), this.mutationsMax(write), (decided) => this.plan(write, decided));
    // An attempt that waits for the disk is not remembered yet, so the next one waits for it.
    const isAttempt = 'attempt' in write && write.attempt !== undefined;
    return isAttempt ? this.turns.run(write.attempt.id, submit) : submit();
  }

  /** Plans a write as the {@link FleetEngine} does, once everything that the plan depends on is applied. */
  private plan(write: Write, decided: Decided): PlannedWrite | typeof LATER {
    if (write.kind === 'commit') {
      const isAwaited = ({ key }: { readonly key: string }): boolean => decided.has(key);
      return write.guards.some(isAwaited) || write.writes.some(isAwaited) ? LATER : this.fleet.plan(write);
    }
    const earlier = decided.get(write.key);
    if (earlier === undefined) return this.fleet.plan(write);
    // Several versions of one key may be added without waiting for the disk in between.
    return earlier.kind === 'insert' && 'value' in write ? this.fleet.plan(write, earlier) : LATER;
  }

  /** An upper bound on the mutations of a write: a removal names each origin of its key, in mutations of so many. */
  private mutationsMax(write: Write): number {
    if (write.kind === 'commit') return write.writes.reduce((sum, one) => sum + this.mutationsMax(one), 0);
    if ('value' in write) return 1;
    const origins = this.fleet.store.entriesOf(write.key) + limits.contextOrigins / 2;
    return Math.ceil(origins / limits.contextOrigins);
  }

  /** Carries out mutations that the engine itself plans, by way of the journal. */
  private async step(plan: () => readonly Mutation[]): Promise<void> {
    await this.submit(WRITE_OVERHEAD_BYTES, this.stepMutations, (decided) =>
      // It may concern any key, so everything decided before it is applied first.
      decided.size > 0 ? LATER : { mutations: plan(), answer: undefined },
    );
  }

  /**
   * Queues a write, which is applied and answered once it is durable.
   * @param plan like `stamp` of a `QueuedWrite`, but also returns the answer
   */
  private submit(
    bytes: number,
    mutationsMax: number,
    plan: (decided: Decided) => PlannedStep | typeof LATER,
  ): Promise<PlannedWrite['answer']> {
    return new Promise((resolve, reject) => {
      this.fleet.assertWritable();
      let answer: PlannedWrite['answer'];
      this.journalWriter.submit({
        bytes,
        mutationsMax,
        stamp: (decided) => {
          this.fleet.assertWritable();
          const planned = plan(decided);
          if (planned === LATER) return LATER;
          // Otherwise the group might be too long to be read again.
          if (planned.mutations.length > mutationsMax) throw changedMeanwhile();
          answer = planned.answer;
          return planned.mutations;
        },
        complete: (apply) => {
          apply();
          resolve(answer);
        },
        refuse: (reason) => reject(KvsError.from(reason)),
      });
    });
  }
}

/** A {@link PlannedWrite}, or what the engine itself does. */
interface PlannedStep extends Pick<PlannedWrite, 'answer'> {
  readonly mutations: readonly Mutation[];
}

/** Approximate memory that a write occupies while it waits. */
function sizeOf(write: Write): number {
  if (write.kind !== 'commit') {
    return WRITE_OVERHEAD_BYTES + write.key.length + ('value' in write ? (write.value ?? '').length : 0);
  }
  const guards = write.guards.reduce((sum, { key }) => sum + WRITE_OVERHEAD_BYTES + key.length, 0);
  return write.writes.reduce((sum, one) => sum + sizeOf(one), guards);
}

function changedMeanwhile(): KvsError {
  return new KvsError(
    'LIMITE_PEDIDOS',
    'a chave ganhou versões demais enquanto a escrita esperava; nada foi gravado, tente de novo',
  );
}
