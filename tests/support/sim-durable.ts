import type { VectorEntries } from '../../src/core/dot.js';
import { KvsError } from '../../src/core/errors.js';
import type { Mutation } from '../../src/core/mutation.js';
import { DurableFleet } from '../../src/engine/durable-fleet.js';
import { LATER, type Write } from '../../src/engine/write.js';
import type { MemberOptions } from '../../src/replication/member.js';
import { Violation, type Oracle } from './oracle.js';
import { SimJournal, type DiskFate, type SimDisk } from './sim-journal.js';
import type { ServerTime } from './sim-time.js';

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

  constructor(
    options: MemberOptions,
    disk: SimDisk,
    fate: DiskFate,
    private readonly time: ServerTime,
    private readonly oracle: Oracle,
  ) {
    this.journal = new SimJournal(disk, fate, time, () => {
      const { decided } = this;
      this.decided = [];
      return () => decided.forEach((tell) => tell());
    });
    this.durable = new DurableFleet(options, this.journal);
    const { keeper } = this.durable;
    const submit = keeper.submit.bind(keeper);
    keeper.submit = (write) => submit(this.watched(write));
    // A stretch of rows in each turn: others get theirs.
    const checkpointer = Reflect.get(keeper, 'checkpointer') as object;
    const pause = (call: () => void): void => void time.after(fate.delaysMs()[0] / 10, call);
    if (!Reflect.has(checkpointer, 'time')) throw new Error('the checkpointer has no time any more');
    Reflect.set(checkpointer, 'time', { atEndOfTurn: pause });
  }

  insert(key: string, value: string): void {
    this.called('insert', this.durable.insert(key, value));
  }

  remove(key: string, version: number | undefined): void {
    this.called('remove', this.durable.remove(key, version));
  }

  /** Refusals are checked where they are decided; what fails later may only be the disk. */
  private called(what: string, answer: Promise<unknown>): void {
    const expected = ['DISCO_CHEIO', 'SERVIDOR_ENTRANDO', 'SERVIDOR_SAINDO', 'RELOGIO_ADIANTADO'];
    expected.push('CHAVE_INEXISTENTE', 'VERSAO_INEXISTENTE', 'LIMITE_FILA');
    answer.catch((error: unknown) => {
      if (error instanceof KvsError && expected.includes(error.code)) return;
      this.time.fail(new Violation(`${what} failed with ${String(error)}`));
    });
  }

  private watched(write: Write): Write {
    const { fleet } = this.durable;
    let seq = 0;
    return {
      ...write,
      stamp: (earlier) => {
        const before = fleet.store.vector.entries();
        const wallMs = this.time.wallMs();
        const mutation = this.decide(write, earlier, before);
        if (mutation === undefined || mutation === LATER) return mutation;
        seq = fleet.store.vector.seqOf(fleet.origin) + this.decided.length + 1;
        const observed = withSeq(before, fleet.origin, seq - 1);
        this.decided.push(() => this.tell(mutation, observed, wallMs));
        return mutation;
      },
      complete: (apply) => {
        write.complete(apply);
        if (seq === 0) return;
        if (fleet.store.vector.seqOf(fleet.origin) !== seq) {
          throw new Violation(`${fleet.origin}:${seq} took effect out of turn`);
        }
        this.acknowledged = seq;
      },
    };
  }

  private decide(
    write: Write,
    earlier: Mutation | undefined,
    before: VectorEntries,
  ): ReturnType<Write['stamp']> {
    try {
      return write.stamp(earlier);
    } catch (error) {
      const missing = this.oracle.targets(before, write.key, 'all').length === 0;
      const code = error instanceof KvsError ? error.code : String(error);
      const wrong = code === 'CHAVE_INEXISTENTE' ? !missing : code === 'VERSAO_INEXISTENTE' && missing;
      if (wrong) throw new Violation(`${code} for ${write.key}, of which the oracle knows better`);
      throw error;
    }
  }

  private tell(mutation: Mutation, before: VectorEntries, wallMs: number): void {
    const { origin } = this.durable.fleet;
    if (mutation.kind === 'insert') {
      this.oracle.insert(origin, before, mutation.key, mutation.value, mutation, wallMs);
    } else {
      const target = mutation.kind === 'removeDots' ? mutation.version : 'all';
      this.oracle.remove(origin, before, mutation.key, target);
    }
  }
}

function withSeq(vector: VectorEntries, origin: string, seq: number): VectorEntries {
  const others = vector.filter(([name]) => name !== origin);
  return seq === 0 ? others : [...others, [origin, seq]];
}
