import type { Changes } from '../../core/changes.js';
import type { KeySpace } from '../../core/space.js';
import type { Store } from '../../core/store.js';
import type { Checkpoint, Done, Journal, KeyMark } from '../../ports/journal.js';
import type { Time } from '../../ports/time.js';

// When at most this many changes are left, they are written in the same turn as the vector.
const LAST_PORTION = 256;

/**
 * Brings the journal's state up to date with the store, some rows in each turn of the event loop. The store keeps
 * changing meanwhile: what changes is written again, and the last portion is written in the turn in which the vector is
 * read. So the committed state is exactly the store at that vector.
 */
export class Checkpointer {
  /** Keys that have a mark in the journal (or may have one). */
  private readonly marked = new Set<string>();

  constructor(
    private readonly store: Store,
    private readonly changes: Changes,
    private readonly journal: Journal,
    private readonly time: Time,
    private readonly rowsPerTurn: number,
  ) {}

  /** To be called for each key that had a mark when the state was loaded. */
  noteMarked(key: string): void {
    this.marked.add(key);
  }

  /**
   * @param onVector called in the turn in which the vector is read: what is applied later is not in this state
   * @param done called when the state is durable, or has failed
   */
  run(onVector: () => void, done: Done): void {
    const { changes, journal } = this;
    const { epoch, whole } = changes;
    const checkpoint = journal.checkpoint(whole);
    const unmarked: string[] = [];
    if (whole) this.marked.clear();
    const work = this.work(checkpoint, whole, unmarked);
    const turn = (): void => {
      if (changes.epoch !== epoch) {
        // The key space was replaced, so everything gathered is void.
        checkpoint.discard();
        this.run(onVector, done);
        return;
      }
      if (work.next().done !== true) {
        this.time.atEndOfTurn(turn);
        return;
      }
      onVector();
      checkpoint.commit(this.store.vector.entries(), (failure) => {
        if (failure) changes.giveBack();
        else {
          changes.keep();
          for (const key of unmarked) this.marked.delete(key);
        }
        done(failure);
      });
    };
    turn();
  }

  /** Puts everything due into the checkpoint; yields between turns. Ends in the same turn as its last portion. */
  private *work(checkpoint: Checkpoint, whole: boolean, unmarked: string[]): Generator<undefined> {
    const { changes, rowsPerTurn } = this;
    let rows = 0;
    if (whole) {
      changes.next();
      const { keys } = this.store.keySpace;
      for (let slot = 0; slot < keys.slotEnd; slot++) {
        if (!keys.isKept(slot)) continue;
        // A key is written in one turn: by the next, its rows may belong to other keys.
        const ofKey = this.store.keySpace.rows(slot);
        for (const row of ofKey) this.putRow(checkpoint, slot, row);
        this.putMark(checkpoint, slot, unmarked);
        rows += ofKey.length + 1;
        if (rows < rowsPerTurn) continue;
        rows = 0;
        yield;
      }
    }
    for (let last = false; !last;) {
      last = changes.size <= LAST_PORTION;
      const portion = changes.next();
      const space = this.store.keySpace;
      for (const { slot, version, origin, seq } of portion.gone) {
        const place = { version, origin: this.store.vector.nameAt(origin), seq };
        checkpoint.removeEntry(space.keys.name(slot), place);
        if (++rows % rowsPerTurn === 0 && !last) yield;
      }
      for (const [row, slot] of portion.rows) {
        this.putRow(checkpoint, slot, row);
        if (++rows % rowsPerTurn === 0 && !last) yield;
      }
      for (const slot of portion.slots) {
        this.putMark(checkpoint, slot, unmarked);
        if (++rows % rowsPerTurn === 0 && !last) yield;
      }
    }
  }

  private putRow(checkpoint: Checkpoint, slot: number, row: number): void {
    const space = this.store.keySpace;
    checkpoint.putEntry(space.keys.name(slot), space.record(row));
  }

  private putMark(checkpoint: Checkpoint, slot: number, unmarked: string[]): void {
    const space = this.store.keySpace;
    const key = space.keys.name(slot);
    const mark = keyMarkOf(space, slot);
    if (mark) {
      this.marked.add(key);
      checkpoint.putMark(key, mark);
    } else if (this.marked.has(key)) {
      unmarked.push(key);
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
