import type { Attempt } from '../../core/attempt.js';
import { assertCommitFits } from '../../core/commit-size.js';
import { KvsError } from '../../core/errors.js';
import type { InsertMutation, Mutation, RemoveDotsMutation } from '../../core/mutation.js';
import type { Remembered } from '../../core/request-memory.js';
import { isPresent, stampInsertAfter, timestampLeast, withOriginalStamp } from '../../core/stamping.js';
import type {
  Answers,
  Capabilities,
  Commit,
  Engine,
  OfKind,
  Query,
  Restored,
  Row,
  Rows,
  Scan,
  Stream,
  Write,
} from '../../ports/engine.js';
import type { Guarantees } from '../../ports/guarantees.js';
import type { Journal } from '../../ports/journal.js';
import type { MemberOptions } from './replication/member-options.js';
import { defaultFleetTuning } from './replication/tuning.js';
import { assertRoomFor } from '../room.js';
import { guardsHold, stampWrites } from '../commit.js';
import { FleetEngine, causeMarkOf } from './engine.js';
import { JournalWriter } from './journal-writer.js';
import { Turns } from '../../core/turns.js';
import { LATER, type Decided, type QueuedWrite } from './write-queue.js';

/** What a write occupies while it waits, beside its key and value. */
const WRITE_OVERHEAD_BYTES = 200;

/**
 * The fleet engine with a journal. A write takes effect, is published and is answered once it is durable: nobody ever
 * sees a value that a crash could take back. Reads are those of the {@link FleetEngine}.
 */
export class DurableFleet implements Engine {
  readonly capabilities: Capabilities = {
    heads: true,
    remembersRequests: true,
    linearizable: false,
    durable: true,
    pipelined: true,
    commits: 'here',
    everything: true,
    restores: true,
  };
  readonly fleet: FleetEngine;
  readonly journalWriter: JournalWriter;
  private readonly turns = new Turns();

  /** @param onDisk called when the disk refuses writes, and when it takes them again */
  constructor(
    private readonly options: MemberOptions,
    journal: Journal,
    onDisk: (healthy: boolean) => void = () => undefined,
  ) {
    const { origin, bus, time, logger, tuning = defaultFleetTuning } = options;
    const journalWriter = {
      noteReceived: (packed: string) => this.journalWriter.noteReceived(packed),
      noteJoined: () => this.journalWriter.noteJoined(),
      whenDurable: (call: () => void) => this.journalWriter.whenDurable(call),
    };
    this.fleet = new FleetEngine({ ...options, journalWriter }, (removal) => this.undo(removal));
    const { store } = this.fleet;
    const accept = (mutation: Mutation): void => this.fleet.accept(mutation);
    const onDecide = (): void => this.fleet.member.sealCauses();
    this.journalWriter = new JournalWriter({
      ...{ origin, store, codec: bus, journal, time, logger, tuning, onDecide, accept, onDisk },
    });
  }

  /** Those of the fleet: what is written here is durable before it is confirmed. */
  get guarantees(): Guarantees {
    return this.fleet.guarantees;
  }

  /**
   * Takes up what the journal has kept. Reads and writes are refused, peers are not spoken to.
   * @throws KvsError DADOS_INVALIDOS
   */
  load(): Promise<void> {
    return this.journalWriter.load();
  }

  /** Joins the fleet, with everything that was loaded. */
  start(): void {
    this.fleet.start();
  }

  /** Finishes the writes under way, takes leave of the fleet, and closes the journal. */
  async stop(): Promise<boolean> {
    await this.journalWriter.settled();
    const handedOver = await this.fleet.stop();
    await this.journalWriter.close();
    return handedOver;
  }

  read<K extends Query['kind']>(query: OfKind<Query, K>): Answers[K] {
    return this.fleet.read<K>(query);
  }

  write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]>;
  write(write: Write): Promise<Answers[Write['kind']]> {
    switch (write.kind) {
      case 'insert':
        return this.insert(write.key, write.value, write.attempt);
      case 'put':
        return this.put(write.key, write.value, write.attempt);
      case 'remove':
        return this.remove(write.key, write.version);
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

  scan<K extends Scan['kind']>(scan: OfKind<Scan, K>): Stream<Rows[K]> {
    return this.fleet.scan<K>(scan);
  }

  private insert(key: string, value: string, attempt?: Attempt): Promise<Answers['insert']> {
    return this.add(key, value, attempt, (made, apply) => {
      apply();
      return made;
    });
  }

  private put(key: string, value: string, attempt?: Attempt): Promise<Answers['put']> {
    return this.add(key, value, attempt, (made, apply, isRepeat) => {
      const previous = this.fleet.store.getAt(key, isRepeat ? made.timestamp - 1 : undefined);
      apply();
      const { version, timestamp } = made;
      return { row: { key, value, version, timestamp }, previous };
    });
  }

  private remove(key: string, version: number | undefined): Promise<undefined> {
    const { store } = this.fleet;
    const stamp = (): Mutation =>
      version === undefined ? store.stampRemoveAll(key) : store.stampRemoveVersion(key, version);
    return this.change(key, stamp, () => undefined);
  }

  private removeAll(key: string): Promise<Row | undefined> {
    const { store } = this.fleet;
    return this.change(
      key,
      (newest) => (newest ? store.stampRemoveAll(key) : undefined),
      (newest) => newest,
    );
  }

  private trim(key: string): Promise<Row | undefined> {
    const { store } = this.fleet;
    return this.change(
      key,
      () => store.stampTrim(key),
      (newest) => newest,
    );
  }

  private restore(row: Row): Promise<Restored> {
    const { key, value, version } = row;
    const { store } = this.fleet;
    let next: Mutation | undefined;
    const stamp = (earlier: Mutation | undefined): Mutation | typeof LATER | undefined => {
      if (isPresent(store, row)) return undefined;
      const insert = this.stampInsert(key, value, earlier);
      if (insert === LATER) return LATER;
      next = insert;
      const least = earlier?.kind === 'insert' ? earlier.timestamp + 1 : timestampLeast(store, key);
      return withOriginalStamp(insert, least, row);
    };
    return this.submitOne(key, value.length, stamp, (mutation, apply) => {
      apply();
      if (mutation === undefined) return { version, outcome: 'present' };
      return {
        version: inserted(mutation).version,
        outcome: mutation === next ? 'renumbered' : 'kept',
      };
    });
  }

  private async commit(change: Commit): Promise<boolean> {
    assertCommitFits(change);
    const { guards, writes } = change;
    const keys = new Set([...guards, ...writes].map(({ key }) => key));
    let held = false;
    const stamp = (decided: Decided): readonly Mutation[] | typeof LATER => {
      // It must see every earlier write of every key that it looks at or changes.
      if ([...keys].some((key) => decided.has(key))) return LATER;
      const { store, origin } = this.fleet;
      held = guardsHold(store, guards);
      return held ? stampWrites(store, origin, writes, this.options.time.wallMs()) : [];
    };
    const bytes = [...keys, ...writes.map((write) => ('value' in write ? write.value : ''))].reduce(
      (sum, text) => sum + text.length + WRITE_OVERHEAD_BYTES,
      0,
    );
    const complete = (apply: () => void): boolean => {
      apply();
      return held;
    };
    return this.submit({ bytes, mutationsMax: writes.length, stamp, complete });
  }

  /** @param finish answers with what was made now, or with what was made of an earlier attempt */
  private add<T>(
    key: string,
    value: string,
    attempt: Attempt | undefined,
    finish: (made: Answers['insert'], apply: () => void, isRepeat: boolean) => T,
  ): Promise<T> {
    if (attempt === undefined) {
      const stamp = (earlier: Mutation | undefined) => this.stampInsert(key, value, earlier);
      return this.submitOne(key, value.length, stamp, (made, apply) => finish(inserted(made), apply, false));
    }
    const { requests } = this.fleet;
    let known: Remembered | undefined;
    const stamp = (earlier: Mutation | undefined): Mutation | typeof LATER => {
      known = requests.answerTo(attempt, key, value);
      // A peer's insert may not be on this disk yet. What is written here stands behind it in the log.
      if (known) return causeMarkOf(key, known);
      const insert = this.stampInsert(key, value, earlier);
      return insert === LATER ? LATER : { ...insert, attempt };
    };
    // An attempt that waits for the disk is not remembered yet: the next waits for it.
    return this.turns.run(attempt.id, () =>
      this.submitOne(key, value.length, stamp, (made, apply) =>
        finish(known ?? inserted(made), apply, known !== undefined),
      ),
    );
  }

  /** Removes one entry that was written twice, as the log has it. */
  private undo(removal: RemoveDotsMutation): Promise<void> {
    return this.submitOne(
      removal.key,
      0,
      () => removal,
      (_, apply) => apply(),
    );
  }

  private stampInsert(
    key: string,
    value: string,
    earlier: Mutation | undefined,
  ): InsertMutation | typeof LATER {
    if (earlier !== undefined && earlier.kind !== 'insert') return LATER;
    const { store, origin } = this.fleet;
    assertRoomFor(store, key, value);
    const wallMs = this.options.time.wallMs();
    return earlier ? stampInsertAfter(earlier, value, wallMs) : store.stampInsert(origin, key, value, wallMs);
  }

  /** A write that begins with what is there: it must see every earlier write of the key. */
  private change<T>(
    key: string,
    stamp: (newest: Row | undefined) => Mutation | undefined,
    answer: (newest: Row | undefined) => T,
  ): Promise<T> {
    let newest: Row | undefined;
    const decide = (earlier: Mutation | undefined): Mutation | typeof LATER | undefined => {
      if (earlier !== undefined) return LATER;
      newest = this.fleet.store.getAt(key);
      return stamp(newest);
    };
    return this.submitOne(key, 0, decide, (_, apply) => {
      apply();
      return answer(newest);
    });
  }

  /** A write of one key. @param stamp sees the last mutation of the key that is decided and not applied yet */
  private submitOne<T>(
    key: string,
    valueChars: number,
    stamp: (earlier: Mutation | undefined) => Mutation | typeof LATER | undefined,
    finish: (mutation: Mutation | undefined, apply: () => void) => T,
  ): Promise<T> {
    let mutation: Mutation | undefined;
    return this.submit({
      bytes: key.length + valueChars + WRITE_OVERHEAD_BYTES,
      mutationsMax: 1,
      stamp: (decided) => {
        const stamped = stamp(decided.get(key));
        if (stamped === LATER) return LATER;
        mutation = stamped;
        return stamped === undefined ? [] : [stamped];
      },
      complete: (apply) => finish(mutation, apply),
    });
  }

  private submit<T>(write: Submission<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.fleet.assertWritable();
      this.journalWriter.submit({
        ...write,
        stamp: (decided) => {
          this.fleet.assertWritable();
          return write.stamp(decided);
        },
        complete: (apply) => resolve(write.complete(apply)),
        refuse: (reason) => reject(KvsError.from(reason)),
      });
    });
  }
}

/** A write as the journalWriter takes it, with the answer of its caller. */
interface Submission<T> extends Pick<QueuedWrite, 'bytes' | 'mutationsMax' | 'stamp'> {
  complete(apply: () => void): T;
}

function inserted(mutation: Mutation | undefined): Answers['insert'] {
  if (mutation?.kind !== 'insert') throw new Error(`an insert became a ${String(mutation?.kind)}`);
  return mutation;
}
