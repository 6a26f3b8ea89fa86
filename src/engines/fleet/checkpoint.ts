import type { Changes } from '../../core/changes.js';
import type { VectorEntries } from '../../core/dot.js';
import type { KeySpace } from '../../core/space.js';
import type { Store } from '../../core/store.js';
import type { Checkpoint, Done, Journal, KeyMark, StateHead } from '../../ports/journal.js';
import type { Time } from '../../ports/time.js';

// When at most this many changes are left (and no more than a turn writes), they are written in the turn in which the
// state ends.
const LAST_PORTION = 256;

/**
 * Brings the journal's state up to date with the store, some rows in each turn of the event loop. The store keeps
 * changing meanwhile: what changes is written again, origins included, and the last portion is written in the turn in
 * which the state ends. So the committed state is exactly the store as it is then.
 */
export class Checkpointer {
  /** Keys that have a mark in the journal (or may have one). */
  private readonly marked = new Set<string>();
  /** Those whose mark the state that is being written removes. */
  private readonly unmarked = new Set<string>();

  /** @param frontier returns the causal frontier of the store */
  constructor(
    private readonly store: Store,
    private readonly changes: Changes,
    private readonly journal: Journal,
    private readonly time: Time,
    private readonly rowsPerTurn: number,
    private readonly frontier: () => VectorEntries,
  ) {}

  /** To be called for each key that had a mark when the state was loaded. */
  noteMarked(key: string): void {
    this.marked.add(key);
  }

  /**
   * @param onEnd called in the turn in which the state ends: what is applied later is not in it
   * @param done called when the state is durable, or has failed
   */
  run(onEnd: () => void, done: Done): void {
    const { changes, journal } = this;
    const { epoch, whole } = changes;
    const checkpoint = journal.checkpoint(whole);
    this.unmarked.clear();
    if (whole) this.marked.clear();
    const work = this.work(checkpoint, whole);
    const turn = (): void => {
      if (changes.epoch !== epoch) {
        // The key space was replaced, so everything gathered is void.
        checkpoint.discard();
        this.run(onEnd, done);
        return;
      }
      if (work.next().done !== true) {
        const ready = checkpoint.ready();
        if (ready) void ready.then(turn);
        else this.time.atEndOfTurn(turn);
        return;
      }
      onEnd();
      checkpoint.commit(this.head(), (failure) => {
        if (failure) changes.giveBack();
        else {
          changes.keep();
          for (const key of this.unmarked) this.marked.delete(key);
        }
        done(failure);
      });
    };
    turn();
  }

  private head(): StateHead {
    const { floors, clock } = this.store;
    return { floors: floors.entries(), fleetMs: clock.nowMs(), frontier: this.frontier() };
  }

  /** Puts everything due into the checkpoint; yields between turns. Ends in the same turn as its last portion. */
  private *work(checkpoint: Checkpoint, whole: boolean): Generator<undefined> {
    const { changes, rowsPerTurn } = this;
    let puts = 0;
    if (whole) {
      changes.next();
      // What is added meanwhile counts as changed.
      const origins = this.store.vector.origins.count;
      for (let origin = 0; origin < origins; origin++) {
        this.putOrigin(checkpoint, origin);
        if (++puts % rowsPerTurn === 0) yield;
      }
      const { keys } = this.store.keySpace;
      for (let slot = 0, rows = 0; slot < keys.slotEnd; slot++) {
        if (!keys.isKept(slot)) continue;
        // A key is written in one turn: by the next, its rows may belong to other keys.
        const ofKey = this.store.keySpace.rows(slot);
        for (const row of ofKey) this.putRow(checkpoint, slot, row);
        this.putMark(checkpoint, keys.name(slot));
        rows += ofKey.length + 1;
        if (rows < rowsPerTurn) continue;
        rows = 0;
        yield;
      }
    }
    for (let last = false; !last;) {
      last = changes.size <= Math.min(LAST_PORTION, rowsPerTurn);
      const portion = this.portion(checkpoint);
      while (portion.next().done !== true) if (++puts % rowsPerTurn === 0 && !last) yield;
    }
  }

  /** Puts the next portion of changes; yields after each. */
  private *portion(checkpoint: Checkpoint): Generator<undefined> {
    const { rows, gone, keys, origins } = this.changes.next();
    const { vector } = this.store;
    for (const origin of origins) {
      this.putOrigin(checkpoint, origin);
      yield;
    }
    for (const { key, version, origin, seq } of gone) {
      checkpoint.removeEntry(key, { version, origin: vector.nameAt(origin), seq });
      yield;
    }
    for (const [row, slot] of rows) {
      this.putRow(checkpoint, slot, row);
      yield;
    }
    for (const key of keys) {
      this.putMark(checkpoint, key);
      yield;
    }
  }

  private putOrigin(checkpoint: Checkpoint, origin: number): void {
    const { vector } = this.store;
    const seq = vector.seqAt(origin);
    if (seq > 0) checkpoint.putOrigin(vector.nameAt(origin), seq);
  }

  /** @param slot of the row's key, which is there as long as the row is */
  private putRow(checkpoint: Checkpoint, slot: number, row: number): void {
    const space = this.store.keySpace;
    checkpoint.putEntry(space.keys.name(slot), space.record(row));
  }

  /** Puts the mark of a key that needs one, and removes that of any other: it may be forgotten. */
  private putMark(checkpoint: Checkpoint, key: string): void {
    const space = this.store.keySpace;
    const slot = space.keys.find(key);
    const mark = slot === undefined ? undefined : keyMarkOf(space, slot);
    if (mark) {
      this.marked.add(key);
      this.unmarked.delete(key);
      checkpoint.putMark(key, mark);
    } else if (this.marked.has(key)) {
      this.unmarked.add(key);
      checkpoint.removeMark(key);
    }
  }
}

/** What cannot be derived from the entries of a key; `undefined` if nothing. */
function keyMarkOf(space: KeySpace, slot: number): KeyMark | undefined {
  const { keys, entries } = space;
  const greatestVersion = keys.greatestVersion(slot);
  const greatestTimestamp = keys.greatestTimestamp(slot);
  const unflagged = space.unflagged(slot);
  const last = space.lastStored(slot);
  const [head] = unflagged;
  if (
    last !== undefined &&
    unflagged.length === 1 &&
    head === last &&
    entries.version(last) === greatestVersion &&
    entries.timestamp(last) === greatestTimestamp
  ) {
    return undefined;
  }
  const heads = unflagged.map((row) => ({ origin: entries.originName(row), seq: entries.seq(row) }));
  return { greatestVersion, greatestTimestamp, heads };
}
