import { KvsError } from '../../src/core/errors.js';
import type {
  Checkpoint,
  Done,
  Journal,
  JournalReader,
  KeptEntry,
  KeyMark,
  StateHead,
} from '../../src/ports/journal.js';
import type { Time } from '../../src/ports/time.js';

interface KeptState {
  mark: KeyMark | undefined;
  readonly entries: Map<string, KeptEntry>;
}

/** What happens on a disk while it is written. */
export interface DiskFate {
  /** Whether the disk is full now. */
  readonly full: boolean;
  /** From the call to the moment in which it is durable, and from there to the answer. */
  delaysMs(): readonly [number, number];
  /** Whether a write that failed, or that a crash cut, is there all the same. */
  leavesGhost(): boolean;
}

/** What a server's folder holds. It outlives the server, and can be copied. */
export class SimDisk {
  state = new Map<string, KeptState>();
  origins = new Map<string, number>();
  head: StateHead = { floors: [], fleetMs: 0, frontier: undefined };
  log: string[] = [];
  /** A group that was refused and is there all the same, with what makes it history once somebody reads it. */
  ghost: { readonly batches: readonly string[]; readonly happened: () => void } | undefined;
  /** The incarnations that wrote here all that they ever wrote. Not those of an old copy: peers tell it what it lacks. */
  readonly own = new Set<string>();

  /** Keeps nothing of a key of which there is nothing. */
  forgetNothing(key: string): void {
    const kept = this.state.get(key);
    if (kept?.mark === undefined && kept?.entries.size === 0) this.state.delete(key);
  }

  copy(): SimDisk {
    const copy = new SimDisk();
    for (const [key, { mark, entries }] of this.state) {
      copy.state.set(key, { mark, entries: new Map(entries) });
    }
    copy.origins = new Map(this.origins);
    copy.head = this.head;
    copy.log = [...this.log];
    return copy;
  }
}

/** A write under way. */
interface UnderWay {
  /** Makes it durable. */
  readonly commit: () => void;
  /** As {@link commit}, although it was refused or cut. */
  readonly haunt: () => void;
  durable: boolean;
}

/** A journal on a simulated disk: slow, full, torn by crashes. */
export class SimJournal implements Journal {
  readonly isOutdated = false;
  private underWay: UnderWay | undefined;

  /** @param takeGroup what makes the local writes of the present group history, to be called at most once */
  constructor(
    private readonly disk: SimDisk,
    private readonly fate: DiskFate,
    private readonly time: Time,
    private readonly takeGroup: () => () => void,
  ) {}

  load(reader: JournalReader): Promise<void> {
    const { disk } = this;
    if (disk.ghost) {
      disk.ghost.happened();
      disk.log.push(...disk.ghost.batches);
      disk.ghost = undefined;
    }
    reader.origins([...disk.origins]);
    reader.head(disk.head);
    for (const [key, { mark, entries }] of disk.state) {
      if (mark || entries.size > 0) reader.key({ key, mark, entries: [...entries.values()] });
    }
    for (const packed of disk.log) reader.batch(packed);
    return Promise.resolve();
  }

  append(batches: readonly string[], done: Done): void {
    const happened = this.takeGroup();
    const commit = (): void => {
      happened();
      this.disk.log.push(...batches);
    };
    const haunt = (): void => {
      this.disk.ghost = { batches, happened };
    };
    this.write(commit, haunt, done);
  }

  checkpoint(whole: boolean): Checkpoint {
    const { disk } = this;
    const steps: (() => void)[] = [];
    const touched = new Set<string>();
    const at = (key: string): KeptState => {
      touched.add(key);
      const known = disk.state.get(key) ?? { mark: undefined, entries: new Map<string, KeptEntry>() };
      disk.state.set(key, known);
      return known;
    };
    const dot = ({ origin, seq }: { readonly origin: string; readonly seq: number }): string =>
      `${origin}:${seq}`;
    return {
      putOrigin: (origin, seq) => void steps.push(() => disk.origins.set(origin, seq)),
      putEntry: (key, entry) => void steps.push(() => at(key).entries.set(dot(entry), entry)),
      removeEntry: (key, entry) => void steps.push(() => at(key).entries.delete(dot(entry))),
      putMark: (key, mark) => void steps.push(() => (at(key).mark = mark)),
      removeMark: (key) => void steps.push(() => (at(key).mark = undefined)),
      ready: () => undefined,
      commit: (head, done) => {
        const commit = (): void => {
          if (whole) disk.state = new Map();
          if (whole) disk.origins = new Map();
          for (const step of steps) step();
          for (const key of touched) disk.forgetNothing(key);
          disk.head = head;
          disk.log = [];
          disk.ghost = undefined;
        };
        this.write(commit, commit, done);
      },
      discard: () => undefined,
    };
  }

  recover(done: Done): void {
    this.time.after(this.fate.delaysMs()[0], () => done(this.fate.full ? refused() : undefined));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The process is gone: what was under way is lost, or is there. */
  crash(): void {
    const { underWay } = this;
    if (underWay && !underWay.durable && this.fate.leavesGhost()) underWay.haunt();
    this.underWay = undefined;
  }

  private write(commit: () => void, haunt: () => void, done: Done): void {
    const [untilDurableMs, untilAnswerMs] = this.fate.delaysMs();
    const underWay: UnderWay = { commit, haunt, durable: false };
    this.underWay = underWay;
    this.time.after(untilDurableMs, () => {
      const failed = this.fate.full;
      underWay.durable = true;
      if (!failed) commit();
      else if (this.fate.leavesGhost()) haunt();
      this.time.after(untilAnswerMs, () => {
        this.underWay = undefined;
        done(failed ? refused() : undefined);
      });
    });
  }
}

function refused(): KvsError {
  return new KvsError('DISCO_CHEIO', 'cheio');
}
