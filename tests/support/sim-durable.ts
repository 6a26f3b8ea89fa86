import type { VectorEntries } from '../../src/core/dot.js';
import { KvsError } from '../../src/core/errors.js';
import { DurableFleet } from '../../src/engines/fleet/durable-engine.js';
import { LATER, type Decided, type QueuedWrite } from '../../src/engines/fleet/write-queue.js';
import type { Insert } from '../../src/ports/engine.js';
import type { MemberOptions } from '../../src/engines/fleet/replication/member-options.js';
import { Violation } from './oracle.js';
import type { FleetChecker } from './sim-checkers.js';
import { effectsOf, guardsHold, withSeq } from './sim-commits.js';
import { SimJournal, type DiskFate, type SimDisk } from './sim-journal.js';
import type { ServerTime } from './sim-time.js';
import { verbs, type CommitBody } from './verbs.js';

/** A write as it was decided, to be told to the oracle when it has become durable. */
type Told = () => void;

/**
 * A fleet engine with a journal on a simulated disk. What it writes becomes history in the moment in which it is on the
 * disk, whether or not anybody is told; what it answers must be on the disk.
 */
export class SimDurable {
  readonly durable: DurableFleet;
  readonly journal: SimJournal;
  /** Decided and not yet handed to the journal. */
  private decided: Told[] = [];
  /** The greatest seq that a client was told of. */
  acknowledged = 0;
  /** What is being submitted: a key, a commit, or what the engine does by itself. */
  private subject: string | CommitBody | undefined;
  /** What each commit must be answered with. */
  private readonly due = new Map<CommitBody, boolean>();

  constructor(
    options: MemberOptions,
    disk: SimDisk,
    fate: DiskFate,
    private readonly time: ServerTime,
    private readonly checker: FleetChecker,
  ) {
    this.journal = new SimJournal(disk, fate, time, () => {
      const { decided } = this;
      this.decided = [];
      return () => decided.forEach((tell) => tell());
    });
    this.durable = new DurableFleet(options, this.journal);
    const { journalWriter } = this.durable;
    const submit = journalWriter.submit.bind(journalWriter);
    journalWriter.submit = (write) => submit(this.watched(write));
    // A stretch of rows in each turn: others get theirs.
    const checkpointer = Reflect.get(journalWriter, 'checkpointer') as object;
    const pause = (call: () => void): void => void time.after(fate.delaysMs()[0] / 10, call);
    if (!Reflect.has(checkpointer, 'time')) throw new Error('the checkpointer has no time any more');
    Reflect.set(checkpointer, 'time', { atEndOfTurn: pause });
  }

  insert(write: Insert): void {
    this.called(write.key, 'insert', () => this.durable.write(write));
  }

  remove(key: string, version: number | undefined): void {
    this.called(key, 'remove', () => verbs(this.durable).remove(key, version));
  }

  commit(change: CommitBody): void {
    this.called(change, 'commit', async () => {
      const done = await verbs(this.durable).commit(change);
      const due = this.due.get(change);
      if (done !== due) throw new Violation(`a commit was answered with ${done} instead of ${String(due)}`);
    });
  }

  /**
   * Refusals are checked where they are decided; what fails later may only be the disk.
   * @param subject the key, or the commit, that is submitted
   */
  private called(subject: string | CommitBody, what: string, call: () => Promise<unknown>): void {
    const expected = ['DISCO_CHEIO', 'SERVIDOR_ENTRANDO', 'SERVIDOR_SAINDO', 'RELOGIO_ADIANTADO'];
    expected.push('CHAVE_INEXISTENTE', 'VERSAO_INEXISTENTE', 'LIMITE_FILA', 'NAO_SUPORTADO');
    this.subject = subject;
    const done = call();
    this.subject = undefined;
    done.catch((error: unknown) => {
      if (error instanceof KvsError && expected.includes(error.code)) return;
      this.time.fail(error instanceof Violation ? error : new Violation(`${what} failed: ${String(error)}`));
    });
  }

  private watched(write: QueuedWrite): QueuedWrite {
    const { fleet } = this.durable;
    const { subject } = this;
    let last = 0;
    return {
      ...write,
      stamp: (decided) => {
        const before = fleet.store.vector.entries();
        const at = { wallMs: this.time.wallMs(), fleetMs: fleet.store.clock.nowMs(), applied: before };
        const mutations = this.decide(write, subject, decided, before, at.fleetMs);
        if (mutations === LATER || mutations.length === 0) return mutations;
        const first = fleet.store.vector.seqOf(fleet.origin) + this.decided.length + 1;
        last = first + mutations.length - 1;
        for (const [i, mutation] of mutations.entries()) {
          const observed = withSeq(before, fleet.origin, first + i - 1);
          this.decided.push(() => {
            this.checker.record(fleet.origin, observed, mutation, at);
            if (first + i === last) this.checker.noteStep(fleet.origin, first, last);
          });
        }
        return mutations;
      },
      complete: (apply) => {
        write.complete(apply);
        if (last === 0) return;
        if (fleet.store.vector.seqOf(fleet.origin) !== last) {
          throw new Violation(`${fleet.origin}:${last} took effect out of turn`);
        }
        this.acknowledged = last;
      },
    };
  }

  private decide(
    write: QueuedWrite,
    subject: string | CommitBody | undefined,
    decided: Decided,
    before: VectorEntries,
    fleetMs: number,
  ): ReturnType<QueuedWrite['stamp']> {
    const { oracle } = this.checker;
    try {
      const mutations = write.stamp(decided);
      if (typeof subject !== 'object' || mutations === LATER) return mutations;
      const due = guardsHold(oracle, before, subject, fleetMs);
      this.due.set(subject, due);
      const effects = due ? effectsOf(oracle, before, subject, fleetMs).length : 0;
      if (mutations.length !== effects) throw new Violation(`a commit became ${mutations.length} mutations`);
      return mutations;
    } catch (error) {
      if (error instanceof Violation || typeof subject !== 'string') throw error;
      const missing = oracle.targets(before, subject, 'all', fleetMs).length === 0;
      const code = error instanceof KvsError ? error.code : String(error);
      const wrong = code === 'CHAVE_INEXISTENTE' ? !missing : code === 'VERSAO_INEXISTENTE' && missing;
      if (wrong) throw new Violation(`${code} for ${subject}, of which the oracle knows better`);
      throw error;
    }
  }
}
