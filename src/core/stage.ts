import { limits } from './limits.js';
import { lastSeq, type Batch, type Floor, type KeyMutation, type Mutation } from './mutation.js';
import type { PartSet } from './parts.js';
import type { KeyFragment } from './record.js';
import { Store } from './store.js';
import { hashString } from './hash.js';
import type { VersionVector } from './vector.js';

/** Thrown when pages or batches of a giver contradict each other: the stage must be discarded. */
export class StageBroken extends Error {
  override readonly name = 'StageBroken';
}

/** A mutation of a key outside the staged parts, kept until the join. */
interface Replay {
  readonly origin: string;
  readonly seq: number;
  readonly mutation: KeyMutation;
}

/**
 * A peer's state that arrives page by page, kept apart from the live store.
 *
 * Pages are taken at different moments, so a page alone is not a state. One rule makes them a state: each page brings
 * first the batches that the giver applied since the previous page, then keys as they are after those batches. Applying
 * the batches keeps everything already staged exact; a fragment replaces the stretch of its key that it covers. So
 * after each page, what was paged equals the giver's state at the stage's vector, and after the last page that is
 * everything. (Merging pages into a live store one by one would resurrect and lose values.)
 *
 * Parts of the key space in which both sides were equal are not paged. For them the batches' mutations are kept and
 * replayed at the join: applied to equal contents in the same order, they lead to equal contents. The vectors may have
 * differed, though: an entry that the giver had already removed by then, and that reached the taker only afterwards, is
 * removed at the join.
 */
export class Stage {
  readonly store: Store;
  readonly replays: Replay[] = [];

  /**
   * @param opened the giver's vector when the walk was opened, all of one moment, over the taker's table of origins
   * @param wanted the parts that are staged
   * @param takerVector a copy of the taker's vector when the other parts were found equal
   */
  constructor(
    private readonly opened: VersionVector,
    readonly wanted: PartSet,
    private readonly takerVector: VersionVector,
  ) {
    this.store = new Store(undefined, opened.copy());
  }

  /** Whether the taker has applied something since that the giver had applied before the walk was opened. */
  tookFromGiver(taker: VersionVector): boolean {
    for (const origin of this.opened.beyond(this.takerVector)) {
      if (taker.seqAt(origin) > this.takerVector.seqAt(origin)) return true;
    }
    return false;
  }

  /** Whether a mutation was applied by the giver, but not by the taker, when the walk was opened. */
  wasOnlyAtGiver(origin: number, seq: number): boolean {
    return seq > this.takerVector.seqAt(origin) && seq <= this.opened.seqAt(origin);
  }

  /** Takes the giver's floors at the moment when the walk was opened; later ones come with the batches. */
  takeFloors(floors: readonly (Floor & { readonly part: number })[]): void {
    for (const floor of floors) this.store.keySpace.counters.raiseFloor(floor.part, floor);
  }

  /** @throws StageBroken if the batches do not continue the stage, or an entry is beyond its vector */
  takePage(batches: readonly Batch[], keys: readonly KeyFragment[]): void {
    for (const batch of batches) this.takeBatch(batch);
    for (const key of keys) this.takeFragment(key);
  }

  /** Whether a key belongs to a part that is staged. */
  stages(key: string): boolean {
    return this.wanted.has(hashString(key) & (limits.parts - 1));
  }

  private takeBatch(batch: Batch): void {
    const { vector } = this.store;
    const applied = vector.seqOf(batch.origin);
    if (batch.first > applied + 1) throw new StageBroken(`gap before ${batch.origin}:${batch.first}`);
    for (let seq = applied + 1; seq <= lastSeq(batch); seq++) {
      const mutation = batch.mutations[seq - batch.first] as Mutation;
      if (mutation.kind === 'raiseFloor' || this.stages(mutation.key)) {
        this.store.apply(batch.origin, seq, mutation);
        continue;
      }
      vector.advance(vector.indexOf(batch.origin), seq);
      this.replays.push({ origin: batch.origin, seq, mutation });
    }
  }

  private takeFragment(fragment: KeyFragment): void {
    const { keySpace: space, vector } = this.store;
    const slot = space.findOrAdd(fragment.key);
    const { after } = fragment;
    space.removeWhere(slot, (row) => after === undefined || space.entries.compare(row, after) > 0);
    for (const record of fragment.entries) {
      if (record.seq > vector.seqOf(record.origin)) {
        throw new StageBroken(`entry ${record.origin}:${record.seq} is beyond the vector`);
      }
      space.add(slot, vector.indexOf(record.origin), record);
    }
    space.raise(slot, fragment.greatestVersion, fragment.greatestTimestamp);
    space.normalize(slot);
  }
}

/**
 * Joins a complete stage into a live store. An entry that both have stays. An entry that only one has stays if it is
 * beyond the other's vector; otherwise the other had removed it. Flags and counters are the greater of both.
 */
export function joinStage(store: Store, stage: Stage): void {
  if (store.keyCount === 0 && store.vector.size === 0 && stage.replays.length === 0) {
    store.adopt(stage.store);
    store.observer?.replaced();
    return;
  }
  dropLateEntries(store, stage);
  replayEqualParts(store, stage);
  joinStagedParts(store, stage);
  // Floors rise last, and over every key of their parts: also over those that the giver had forgotten, and those of
  // parts that were not staged.
  for (const floor of stage.store.floors.entries()) store.keySpace.counters.raiseFloor(floor.part, floor);
  store.keySpace.counters.normalizeAll();
  const { vector } = stage.store;
  for (const origin of vector.beyond(store.vector)) {
    store.vector.advance(origin, vector.seqAt(origin));
    store.keySpace.changes?.noteAdvanced(origin);
  }
  store.observer?.replaced();
}

/**
 * Replaces a live store's content by a complete stage of all parts, when the content is known to be wrong for its
 * vector.
 * @throws StageBroken if the store has applied something that the giver had not, which would be lost
 */
export function replaceByStage(store: Store, stage: Stage): void {
  if (!stage.store.vector.coversAll(store.vector)) throw new StageBroken('the store has moved on');
  store.adopt(stage.store);
  store.observer?.replaced();
}

/** In equal parts, removes entries that the taker received since the opening and the giver had removed before it. */
function dropLateEntries(store: Store, stage: Stage): void {
  if (!stage.tookFromGiver(store.vector)) return;
  const space = store.keySpace;
  for (let slot = 0; slot < space.keys.slotEnd; slot++) {
    if (!space.keys.isKept(slot) || stage.wanted.has(space.partOf(slot))) continue;
    space.removeWhere(slot, (row) => stage.wasOnlyAtGiver(space.entries.origin(row), space.entries.seq(row)));
  }
}

function replayEqualParts(store: Store, stage: Stage): void {
  for (const { origin, seq, mutation } of stage.replays) {
    const index = store.vector.indexOf(origin);
    if (seq > store.vector.seqAt(index)) store.applyEffect(index, seq, mutation);
  }
}

function joinStagedParts(store: Store, stage: Stage): void {
  const mine = store.keySpace;
  const theirs = stage.store.keySpace;
  const { entries: myEntries } = mine;

  // Entries that only this store has, also of keys that the giver may never have seen.
  for (let slot = 0; slot < mine.keys.slotEnd; slot++) {
    if (!mine.keys.isKept(slot) || !stage.wanted.has(mine.partOf(slot))) continue;
    const theirSlot = theirs.keys.find(mine.keys.name(slot));
    mine.removeWhere(slot, (row) => {
      const origin = myEntries.originName(row);
      if (myEntries.seq(row) > stage.store.vector.seqOf(origin)) return false;
      return theirSlot === undefined || theirs.findRow(theirSlot, mine.record(row)) === undefined;
    });
  }

  for (let theirSlot = 0; theirSlot < theirs.keys.slotEnd; theirSlot++) {
    if (!theirs.keys.isKept(theirSlot)) continue;
    const slot = mine.findOrAdd(theirs.keys.name(theirSlot));
    const passed = new Set<number>();
    for (const theirRow of theirs.rows(theirSlot)) {
      const record = theirs.record(theirRow);
      const row = mine.findRow(slot, record);
      const origin = store.vector.indexOf(record.origin);
      if (row !== undefined) {
        if (record.superseded) mine.supersede(slot, row);
        if (record.passed === true) passed.add(row);
        if (record.attempt) mine.noteAttempt(slot, row, record.attempt);
      } else if (record.seq > store.vector.seqAt(origin)) {
        mine.add(slot, origin, record);
      }
    }
    if (passed.size > 0) mine.pass(slot, (row) => passed.has(row));
    mine.raise(slot, theirs.keys.greatestVersion(theirSlot), theirs.keys.greatestTimestamp(theirSlot));
  }
}
