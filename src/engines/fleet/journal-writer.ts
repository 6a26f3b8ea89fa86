import type { Origin, VectorEntries } from '../../core/dot.js';
import { Changes } from '../../core/changes.js';
import { KvsError } from '../../core/errors.js';
import type { Mutation } from '../../core/mutation.js';
import type { Store } from '../../core/store.js';
import type { BatchCodec } from '../../ports/bus.js';
import type { Journal } from '../../ports/journal.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { FleetTuning } from './replication/tuning.js';
import { Checkpointer } from './checkpoint.js';
import { DiskTrouble } from './disk-trouble.js';
import { DurabilityWaiters } from './durability-waiters.js';
import { JournalCounters } from './journal-counters.js';
import { StoreLoader } from './store-loader.js';
import { WriteQueue, type StampedWrite, type QueuedWrite } from './write-queue.js';

interface JournalWriterDeps {
  readonly origin: Origin;
  readonly store: Store;
  readonly codec: BatchCodec;
  readonly journal: Journal;
  readonly time: Time;
  readonly logger: Logger;
  readonly tuning: FleetTuning;
  /** Returns the causal frontier of the store. */
  readonly frontier: () => VectorEntries;
  /** What a local group that is decided now implies. It precedes the group in the log: it is for the frontier of who loads that. */
  readonly causes: () => VectorEntries;
  /** Called when writes are about to be decided, against the store as it is now. */
  readonly onDecide: () => void;
  /** Applies a local mutation, stamped earlier and now durable, and publishes it. */
  readonly accept: (mutation: Mutation) => void;
  /** Called when the disk begins to refuse writes, and when it accepts them again. */
  readonly onDisk: (healthy: boolean) => void;
}

/**
 * Keeps the journal in step with the store, one disk operation at a time:
 *
 *     local     waits ─► decided ─► in the log, durable ─► applied, published, answered
 *     received  applied ─► in the log, before any local write that may have observed it
 *     joined    applied ─► the changes as a new state, before any local write that may have observed them
 *
 * While one group is being synced the next one gathers, so that many mutations share a sync. Memory is never behind the
 * disk, and never holds a local write that is not durable. When the log is long, it is folded into the state.
 *
 * When the disk refuses a write, all local writes under way and waiting are refused. Reads go on, and received batches
 * are applied to memory alone. The disk is retried regularly, and writes are accepted again once the complete state is
 * on it. Meanwhile received batches are visible to readers, although a crash would take this server (not their origin)
 * back to before them: see docs/STORAGE.md.
 */
export class JournalWriter {
  readonly counters = new JournalCounters();
  private readonly changes: Changes;
  private readonly checkpointer: Checkpointer;
  /** Local writes that wait for the disk. */
  readonly queue = new WriteQueue();
  private received: string[] = [];
  private receivedChars = 0;
  private logChars = 0;
  private logMutations = 0;
  /** The log lacks something that was applied, so the state must be written next. */
  private stateDue = false;
  private busy = false;
  private started = false;
  private failure: KvsError | undefined;
  private turnDue = false;
  private closed = false;
  private onIdle: (() => void) | undefined;
  private readonly kept = new DurabilityWaiters();
  private readonly trouble: DiskTrouble;

  constructor(private readonly deps: JournalWriterDeps) {
    const { store, journal, time, tuning } = deps;
    this.trouble = new DiskTrouble(deps.logger);
    this.changes = new Changes(tuning.journalChangedRows);
    const { journalRowsPerTurn } = tuning;
    const { changes } = this;
    this.checkpointer = new Checkpointer(store, changes, journal, time, journalRowsPerTurn, deps.frontier);
  }

  /** Characters of the log since the last state. */
  get logLength(): number {
    return this.logChars;
  }

  /** Why writes are currently refused, if they are. */
  get refusal(): KvsError | undefined {
    return this.failure;
  }

  /** Whether everything that was applied is on disk. */
  get isIdle(): boolean {
    const waiting = this.queue.length > 0 || this.received.length > 0 || this.stateDue;
    return !waiting && !this.busy && this.failure === undefined;
  }

  /**
   * Loads what the journal has kept into the empty store. If that has an older layout, it is written anew as a state
   * before anything else is written.
   * @returns the causal frontier of what was loaded; `undefined` if it is unknown
   * @throws KvsError DADOS_INVALIDOS
   */
  async load(): Promise<VectorEntries | undefined> {
    const { origin, store, codec, journal, logger, time } = this.deps;
    const startMs = time.monotonicMs();
    const track = (): void => store.track(this.changes);
    const noteMarked = (key: string): void => this.checkpointer.noteMarked(key);
    const loader = new StoreLoader(origin, store, codec, noteMarked, track);
    await journal.load(loader);
    track();
    store.keySpace.counters.normalizeAll();
    this.logChars = loader.chars;
    this.logMutations = loader.mutations;
    this.started = true;
    logger.info(
      {
        chaves: store.keyCount,
        entradas: store.entryCount,
        mutacoesRepetidas: loader.mutations,
        duracaoMs: Math.round(time.monotonicMs() - startMs),
      },
      'dados do disco carregados',
    );
    if (journal.isOutdated) {
      this.changes.noteEverything();
      this.needState();
      this.wake();
    }
    return loader.frontier;
  }

  /**
   * Queues a local write; it is answered later.
   * @throws KvsError DISCO_CHEIO, DISCO_FALHOU, LIMITE_FILA
   */
  submit(write: QueuedWrite): void {
    if (this.failure) throw this.failure;
    const { journalQueuedWrites, journalQueuedBytes } = this.deps.tuning;
    if (
      this.queue.length >= journalQueuedWrites ||
      (this.queue.length > 0 && this.queue.bytes + write.bytes > journalQueuedBytes)
    ) {
      const waiting = `${this.queue.length} escritas esperando o disco`;
      throw new KvsError('LIMITE_FILA', `limite atingido: ${waiting}; tente daqui a pouco`);
    }
    this.queue.push(write);
    this.wake();
  }

  /** To be called when a peer's batch has been applied. */
  noteReceived(packed: string): void {
    if (this.failure) this.trouble.noteReceived();
    // The state that is due will include it. (One that is being written may already have ended.)
    if (this.stateDue && !this.busy) return;
    this.counters.received++;
    this.received.push(packed);
    this.receivedChars += packed.length;
    if (this.receivedChars > this.deps.tuning.journalReceivedBytes) this.needState();
    this.wake();
  }

  /** To be called when a peer's state has been joined, which no batch describes. */
  noteJoined(): void {
    this.needState();
    this.wake();
  }

  /** Calls once when everything applied so far is on disk; at once if it already is. */
  whenDurable(call: () => void): void {
    if (this.isIdle) call();
    else this.kept.add(call);
  }

  /** Waits until everything taken so far is on disk or refused. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.onIdle = resolve;
      this.wake();
    });
  }

  private needState(): void {
    this.stateDue = true;
    this.dropReceived();
  }

  private dropReceived(): void {
    this.received = [];
    this.receivedChars = 0;
  }

  /** Everything that arrives in one turn is written together. */
  private wake(): void {
    if (this.turnDue || this.busy) return;
    this.turnDue = true;
    this.deps.time.atEndOfTurn(() => {
      this.turnDue = false;
      this.next();
    });
  }

  private next(): void {
    while (!this.busy && this.started && !this.failure) {
      const { journalLogBytes, journalLogMutations } = this.deps.tuning;
      if (this.stateDue || this.logChars > journalLogBytes || this.logMutations > journalLogMutations) {
        this.writeState();
      } else if (!this.writeGroup()) {
        break;
      }
    }
    if (this.busy) return;
    if (this.isIdle) {
      this.kept.begin();
      this.kept.done();
    }
    this.onIdle?.();
    this.onIdle = undefined;
  }

  /** Returns whether there was anything to write or to refuse. */
  private writeGroup(): boolean {
    if (this.queue.length === 0 && this.received.length === 0) return false;
    const { origin, store, codec, journal, time, tuning } = this.deps;
    if (this.queue.length > 0) this.deps.onDecide();
    const group = this.queue.takeGroup(tuning.journalGroupMutations, tuning.journalGroupBytes);
    const batches = this.received;
    const received = batches.length;
    this.dropReceived();
    if (group.length > 0) {
      const mutations = group.flatMap((stamped) => stamped.mutations);
      const first = store.vector.seqOf(origin) + 1;
      const dependencies = this.deps.causes();
      batches.push(codec.pack({ origin, first, dependencies, mutations, fleetMs: store.clock.nowMs() }));
    }
    if (batches.length === 0) return true;
    this.busy = true;
    this.kept.begin();
    const startedMs = time.monotonicMs();
    journal.append(batches, (failure) => {
      this.busy = false;
      this.counters.syncs.add(time.monotonicMs() - startedMs);
      if (failure) this.fail(failure, group, received);
      else this.groupDone(group, batches);
      this.next();
    });
    return true;
  }

  private groupDone(group: readonly StampedWrite[], batches: readonly string[]): void {
    this.counters.groups++;
    this.counters.writes += group.length;
    // Received batches are counted by length alone, which is about proportional to the cost of replaying them.
    for (const { mutations } of group) this.logMutations += mutations.length;
    for (const packed of batches) this.logChars += packed.length;
    const { accept } = this.deps;
    for (const { write, mutations } of group) write.complete(() => mutations.forEach(accept));
    this.kept.done();
  }

  private writeState(): void {
    this.busy = true;
    this.checkpointer.run(this.onStateEnd, (failure) => {
      this.busy = false;
      if (failure) this.fail(failure, [], 0);
      else this.stateDone();
      this.next();
    });
  }

  /** Everything received or joined so far is in the state that is being written. */
  private readonly onStateEnd = (): void => {
    this.stateDue = false;
    this.dropReceived();
    this.kept.begin();
  };

  private stateDone(): void {
    this.counters.checkpoints++;
    this.logChars = 0;
    this.logMutations = 0;
    this.kept.done();
  }

  // ── a disk that refuses ────────────────────────────────────────────────────────────────────────────────────────

  /** @param received number of peers' batches in the failed write */
  private fail(failure: KvsError, group: readonly StampedWrite[], received: number): void {
    this.counters.failures++;
    this.failure = failure;
    this.trouble.begin(failure, group.length + this.queue.length, received + this.received.length);
    // What failed may be in the log nevertheless; only a new state, which drops the log, makes sure that it is not.
    this.needState();
    this.kept.failed();
    this.deps.onDisk(false);
    for (const { write } of group) write.refuse(failure);
    this.queue.refuseAll(failure);
    this.tryAgainLater();
  }

  private tryAgainLater(): void {
    this.deps.time.after(this.deps.tuning.journalRetryMs, () => this.tryAgain());
  }

  private tryAgain(): void {
    if (this.busy || this.closed) return;
    this.busy = true;
    this.deps.journal.recover((failure) => {
      if (failure) this.stillFailing(failure);
      else this.checkpointer.run(this.onStateEnd, (again) => this.tried(again));
    });
  }

  private tried(failure: KvsError | undefined): void {
    if (failure) {
      this.stillFailing(failure);
      return;
    }
    this.busy = false;
    this.failure = undefined;
    this.stateDone();
    this.trouble.over();
    this.deps.onDisk(true);
    this.next();
  }

  private stillFailing(failure: KvsError): void {
    this.busy = false;
    this.failure = failure;
    this.needState();
    this.kept.failed();
    this.trouble.still(failure);
    if (this.closed) this.next();
    else this.tryAgainLater();
  }

  /** Writes what is due, if the disk accepts it, and closes the journal. */
  async close(): Promise<void> {
    this.closed = true;
    await this.settled();
    await this.deps.journal.close();
  }
}
