import type { Origin } from '../../core/dot.js';
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
  /** Writes are about to be decided, by what is in the store now. */
  readonly onDecide: () => void;
  /** Applies a local mutation, stamped before and durable now, and tells the fleet. */
  readonly accept: (mutation: Mutation) => void;
  /** The disk refuses writes, or takes them again. */
  readonly onDisk: (healthy: boolean) => void;
}

/** Figures of the journal, for logs and metrics. */
interface JournalWriterCounters {
  groups: number;
  writes: number;
  received: number;
  checkpoints: number;
  failures: number;
}

/**
 * Keeps the journal in step with the store, one thing at a time:
 *
 *     local     waits ─► decided ─► in the log, durable ─► applied, published, answered
 *     received  applied ─► in the log, before any local write that may have observed it
 *     joined    applied ─► the changes as a new state, before any local write that may have observed them
 *
 * While one group is being synced the next gathers, so many mutations share one sync. Memory is never behind the disk,
 * and never holds a local write that is not durable. When the log is long the changes since are folded into the state.
 *
 * When the disk refuses, what was under way and what waits is refused; reads go on, and what is received is applied to
 * memory alone. The disk is tried again regularly, and writes are taken again once it has a state of all that is here.
 * What is received is shown meanwhile, though a crash would take this server (not its origin) back behind it: see
 * docs/STORAGE.md.
 */
export class JournalWriter {
  readonly counters: JournalWriterCounters = {
    groups: 0,
    writes: 0,
    received: 0,
    checkpoints: 0,
    failures: 0,
  };
  private readonly changes: Changes;
  private readonly checkpointer: Checkpointer;
  private readonly queue = new WriteQueue();
  private received: string[] = [];
  private receivedChars = 0;
  private logChars = 0;
  private logMutations = 0;
  /** The log does not say everything that is here: the next thing to write is the state. */
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
    this.checkpointer = new Checkpointer(store, this.changes, journal, time, tuning.journalRowsPerTurn);
  }

  /** Why writes are refused now, if they are. */
  get refusal(): KvsError | undefined {
    return this.failure;
  }

  /** Whether everything that is here is on the disk. */
  get isIdle(): boolean {
    const waiting = this.queue.length > 0 || this.received.length > 0 || this.stateDue;
    return !waiting && !this.busy && this.failure === undefined;
  }

  /**
   * Fills the empty store with what the journal has kept.
   * @throws KvsError DADOS_INVALIDOS
   */
  async load(): Promise<void> {
    const { store, codec, journal, logger, time } = this.deps;
    const startMs = time.monotonicMs();
    const track = (): void => store.track(this.changes);
    const noteMarked = (key: string): void => this.checkpointer.noteMarked(key);
    const loader = new StoreLoader(store, codec, noteMarked, track);
    await journal.load(loader);
    track();
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
  }

  /**
   * Takes a local write; it is answered later.
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

  /** A peer's batch has been applied. */
  noteReceived(packed: string): void {
    if (this.failure) this.trouble.noteReceived();
    // The state that is due will have it. (One that is being written may have read its vector already.)
    if (this.stateDue && !this.busy) return;
    this.counters.received++;
    this.received.push(packed);
    this.receivedChars += packed.length;
    if (this.receivedChars > this.deps.tuning.journalReceivedBytes) this.needState();
    this.wake();
  }

  /** A peer's state has been joined: no batches tell of it. */
  noteJoined(): void {
    this.needState();
    this.wake();
  }

  /** Calls once when everything that is applied now is on the disk; at once if it is. */
  whenDurable(call: () => void): void {
    if (this.isIdle) call();
    else this.kept.add(call);
  }

  /** Waits until everything taken so far is on the disk, or refused. */
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

  /** What comes in one turn goes to the disk together. */
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

  /** Whether there was anything to write or to refuse. */
  private writeGroup(): boolean {
    if (this.queue.length === 0 && this.received.length === 0) return false;
    const { origin, store, codec, journal, tuning } = this.deps;
    if (this.queue.length > 0) this.deps.onDecide();
    const group = this.queue.takeGroup(tuning.journalGroupMutations, tuning.journalGroupBytes);
    const batches = this.received;
    const received = batches.length;
    this.dropReceived();
    if (group.length > 0) {
      const mutations = group.flatMap((stamped) => stamped.mutations);
      const first = store.vector.seqOf(origin) + 1;
      // What it depends on stands before it in the log.
      batches.push(codec.pack({ origin, first, dependencies: [], mutations }));
    }
    if (batches.length === 0) return true;
    this.busy = true;
    this.kept.begin();
    journal.append(batches, (failure) => {
      this.busy = false;
      if (failure) this.fail(failure, group, received);
      else this.groupDone(group, batches);
      this.next();
    });
    return true;
  }

  private groupDone(group: readonly StampedWrite[], batches: readonly string[]): void {
    this.counters.groups++;
    this.counters.writes += group.length;
    // A batch that a peer sent costs a replay about as much as its length says.
    for (const { mutations } of group) this.logMutations += mutations.length;
    for (const packed of batches) this.logChars += packed.length;
    const { accept } = this.deps;
    for (const { write, mutations } of group) write.complete(() => mutations.forEach(accept));
    this.kept.done();
  }

  private writeState(): void {
    this.busy = true;
    this.checkpointer.run(this.onVector, (failure) => {
      this.busy = false;
      if (failure) this.fail(failure, [], 0);
      else this.stateDone();
      this.next();
    });
  }

  /** Everything received or joined so far is in the state that is being written. */
  private readonly onVector = (): void => {
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

  /** @param received batches of peers in what failed */
  private fail(failure: KvsError, group: readonly StampedWrite[], received: number): void {
    this.counters.failures++;
    this.failure = failure;
    this.trouble.begin(failure, group.length + this.queue.length, received + this.received.length);
    // What failed may be in the log all the same: only a new state makes sure that it is not.
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
      else this.checkpointer.run(this.onVector, (again) => this.tried(again));
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

  /** Writes what is due, if the disk takes it, and closes the journal. */
  async close(): Promise<void> {
    this.closed = true;
    await this.settled();
    await this.deps.journal.close();
  }
}
