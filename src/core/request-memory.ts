import { BoundedMap } from './bounded-map.js';
import { begunMs, forgotten, reused } from './attempt.js';
import type { Attempt } from './attempt.js';
import type { Dot, Origin } from './dot.js';
import { hashString } from './hash.js';
import type { InsertMutation } from './mutation.js';

/** The result of a request, as far as this server knows. */
export interface Remembered extends Dot {
  readonly version: number;
  readonly timestamp: number;
}

/** An entry that must be removed, since a later attempt of the same request replaces it. */
export interface Loser extends Remembered {
  readonly key: string;
  /** The origin of the attempt that stands. */
  readonly winner: Origin;
}

/** Bounds of a memory. */
interface MemoryBounds {
  readonly requests: number;
  readonly requestAgeMs: number;
  readonly requestSkewMs: number;
}

/** One attempt that was written, with its rank among the attempts of its request, fixed when it was written. */
export interface Attempted extends Dot {
  readonly attempt: number;
}

/** An entry that a request wrote, with its content. */
export interface StoredRequest extends Remembered, Attempted {
  readonly key: string;
  readonly value: string;
}

interface Kept extends Remembered, Attempted {
  readonly key: string;
  readonly valueHash: number;
  readonly valueChars: number;
  /** When this server noted it: monotonic and wall clock, ms. */
  readonly atMs: number;
  readonly atWallMs: number;
}

/**
 * The results of recent requests: for each, the insert of its greatest attempt seen here, whichever server wrote it.
 * Bounded in number and age. It knows since when it is complete, and reports an unknown result rather than guess.
 */
export class RequestMemory {
  /** In the order in which they were noted. */
  private readonly kept: BoundedMap<string, Kept>;

  /** @param completeSinceMs everything applied here after this wall-clock time was noted */
  constructor(
    private readonly bounds: MemoryBounds,
    private completeSinceMs: number,
  ) {
    this.kept = new BoundedMap(bounds.requests, (_, { atWallMs }) => {
      this.noteGap(atWallMs);
    });
  }

  get size(): number {
    return this.kept.size;
  }

  /**
   * To be called when something was applied without being noted, such as a peer's state: older requests may be missing
   * here.
   */
  noteGap(wallMs: number): void {
    this.completeSinceMs = Math.max(this.completeSinceMs, wallMs);
  }

  /** Ids of the requests remembered. */
  get ids(): Iterable<string> {
    return this.kept.keys();
  }

  /** The greatest remembered attempt of a request, if it was for this key and value. */
  latest(id: string, key: string, value: string): Attempted | undefined {
    const known = this.kept.get(id);
    return known && isSame(known, key, value) ? known : undefined;
  }

  /**
   * Notes an insert that has just been applied.
   * @param nowMs monotonic clock
   */
  note(attempt: Attempt, dot: Dot, insert: InsertMutation, nowMs: number, wallMs: number): void {
    this.forgetOld(nowMs);
    const { key, value, version, timestamp } = insert;
    const { origin, seq } = dot;
    const noted: Kept = {
      ...{ key, version, timestamp, origin, seq, attempt: attempt.number },
      ...{ valueHash: hashString(value), valueChars: value.length, atMs: nowMs, atWallMs: wallMs },
    };
    const known = this.kept.get(attempt.id);
    if (known && !isSame(known, key, value)) return;
    const stays = known && isLater(known, noted) ? known : noted;
    // Always moved to the end, since a client that repeats a request has not given up.
    this.kept.put(attempt.id, { ...stays, atMs: nowMs, atWallMs: wallMs });
  }

  /**
   * The answer to an attempt that needs no write; `undefined` if the server must write.
   *
   * An attempt is answered with the insert of the attempt right before it, or of a later one. If only older ones are
   * known, the one between may have been written elsewhere and would win over them, so this attempt is written and wins
   * over all.
   * @param stored the entries of the store that this request wrote
   * @throws KvsError PEDIDO_REPETIDO; RESULTADO_DESCONHECIDO for a repeated attempt from a time for which this memory
   *   is incomplete
   */
  answerTo(
    { id, number }: Attempt,
    key: string,
    value: string,
    stored: readonly StoredRequest[] = [],
  ): Remembered | undefined {
    const remembered = this.kept.get(id);
    if (remembered && !isSame(remembered, key, value)) throw reused();
    let known: (Remembered & Attempted) | undefined = remembered;
    for (const entry of stored) {
      if (entry.key !== key || entry.value !== value) throw reused();
      if (!known || isLater(entry, known)) known = entry;
    }
    if (known && known.attempt >= number - 1) return known;
    if (number > 1 && begunMs(id) <= this.completeSinceMs + this.bounds.requestSkewMs) throw forgotten();
    return undefined;
  }

  private forgetOld(nowMs: number): void {
    const isOld = ({ atMs }: Kept): boolean => nowMs - atMs > this.bounds.requestAgeMs;
    while (this.kept.oldest !== undefined && isOld(this.kept.oldest)) this.kept.forgetOldest();
  }
}

function isSame(known: Kept, key: string, value: string): boolean {
  return known.key === key && known.valueChars === value.length && known.valueHash === hashString(value);
}

/** The order of attempts. Dots break ties, which a correct client never causes. */
export function isLater(a: Attempted, b: Attempted): boolean {
  if (a.attempt !== b.attempt) return a.attempt > b.attempt;
  return a.origin === b.origin ? a.seq > b.seq : a.origin > b.origin;
}
