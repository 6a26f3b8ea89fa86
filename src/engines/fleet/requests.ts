import type { Attempt } from '../../core/attempt.js';
import type { Origin } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import type { Mutation } from '../../core/mutation.js';
import { losersOf, storedRequests } from '../../core/repeated.js';
import { RequestMemory } from '../../core/request-memory.js';
import type { Loser, Remembered } from '../../core/request-memory.js';
import type { Store } from '../../core/store.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { FleetTuning } from './replication/tuning.js';

interface RequestsDeps {
  readonly self: Origin;
  readonly store: Store;
  readonly time: Time;
  readonly random: Random;
  readonly tuning: FleetTuning;
  /**
   * Removes exactly this entry, by an ordinary mutation.
   * @throws KvsError (or rejects with one) if it cannot do so now; it is called again later
   */
  readonly undo: (loser: Loser) => Awaitable<void>;
}

/**
 * Requests that clients repeat: their results, and the removal of entries that were written twice.
 *
 * Two servers that are partitioned may both write the same request. A server that sees both entries knows which one
 * stands: that of the greatest attempt, whose answer is the last that the client can have taken. The other entry is
 * removed by an ordinary mutation: at once by the writer of the one that stands, later by any server that still finds
 * it. Any number of servers may do so, since the removals are identical.
 */
export class Requests {
  readonly memory: RequestMemory;
  private readonly losers = new Set<string>();
  /** More were found than may wait, so they must be looked for again. */
  private hasMore = false;

  constructor(private readonly deps: RequestsDeps) {
    this.memory = new RequestMemory(deps.tuning, deps.time.wallMs());
  }

  /** To be called right after a mutation was applied. Must not write anything itself. */
  noteApplied(mutation: Mutation, origin: Origin, seq: number): void {
    if (mutation.kind !== 'insert' || mutation.attempt === undefined) return;
    const { time } = this.deps;
    const { attempt } = mutation;
    this.memory.note(attempt, { origin, seq }, mutation, time.monotonicMs(), time.wallMs());
    this.review(attempt.id);
  }

  /** To be called when a peer's state was joined: it tells of no requests whose entries were removed. */
  noteJoined(): void {
    this.memory.noteGap(this.deps.time.wallMs());
    this.reviewAll();
  }

  /** Looks for every entry that must be removed: many may have come at once, from disk or from a peer. */
  reviewAll(): void {
    const { requests } = this.deps.store.keySpace;
    for (const id of requests.doubled) this.review(id);
    for (const id of this.memory.ids) if (requests.rows(id).length > 0) this.review(id);
  }

  /** Like {@link RequestMemory.answerTo}, but also considers the entries in the store. */
  answerTo(attempt: Attempt, key: string, value: string): Remembered | undefined {
    const stored = storedRequests(this.deps.store.keySpace, attempt.id);
    return this.memory.answerTo(attempt, key, value, stored);
  }

  /** Whether the entry is still in the store. */
  isThere({ key, ...place }: Loser): boolean {
    const { keySpace: space } = this.deps.store;
    const slot = space.keys.find(key);
    return slot !== undefined && space.findRow(slot, place) !== undefined;
  }

  private review(id: string): void {
    for (const loser of losersOf(this.deps.store.keySpace, this.memory, id)) this.noteLoser(loser);
  }

  private noteLoser(loser: Loser): void {
    const { self, time, tuning } = this.deps;
    const name = `${loser.origin}:${loser.seq}`;
    if (this.losers.has(name)) return;
    if (this.losers.size >= tuning.requestUndos) {
      this.hasMore = true;
      return;
    }
    this.losers.add(name);
    if (loser.winner === self) time.atEndOfTurn(() => this.undo(name, loser));
    else this.undoLater(name, loser);
  }

  private undoLater(name: string, loser: Loser): void {
    const { time, random, tuning } = this.deps;
    time.after(tuning.requestUndoMs * (1 + random.next()), () => this.undo(name, loser));
  }

  private undo(name: string, loser: Loser): void {
    if (!this.isThere(loser)) {
      this.losers.delete(name);
      if (this.hasMore && this.losers.size === 0) {
        this.hasMore = false;
        this.reviewAll();
      }
      return;
    }
    // Checked again in any case: the removal may be refused or get lost.
    this.undoLater(name, loser);
    try {
      const undone = this.deps.undo(loser);
      if (undone instanceof Promise) undone.catch(() => undefined);
    } catch (error) {
      if (!(error instanceof KvsError)) throw error;
    }
  }
}
