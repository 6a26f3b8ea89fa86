import { BoundedMap } from './bounded-map.js';
import { begunMs, forgotten, reused } from './attempt.js';
import type { Attempt } from './attempt.js';
import type { Dot, Origin } from './dot.js';
import { hashString } from './hash.js';
import type { InsertMutation } from './mutation.js';

/** What became of a request, as far as it is known here. */
export interface Remembered extends Dot {
  readonly version: number;
  readonly timestamp: number;
}

/** An entry that must go, since a later attempt of the same request stands. */
export interface Loser extends Remembered {
  readonly key: string;
  /** Who wrote the one that stands. */
  readonly winner: Origin;
}

/** Bounds of a memory. */
interface MemoryBounds {
  readonly requests: number;
  readonly requestAgeMs: number;
  readonly requestSkewMs: number;
}

/** One attempt of a request that was written: its rank among them, fixed when it was. */
export interface Attempted extends Dot {
  readonly attempt: number;
}

/** An entry of a request, with what it holds. */
export interface StoredRequest extends Remembered, Attempted {
  readonly key: string;
  readonly value: string;
}

interface Kept extends Remembered, Attempted {
  readonly key: string;
  readonly valueHash: number;
  readonly valueChars: number;
  /** When it was noted here: monotonic and wall clock, ms. */
  readonly atMs: number;
  readonly atWallMs: number;
}

/**
 * What became of recent requests: of each, the insert of its greatest attempt seen here, whoever wrote it. Bounded in
 * number and in age; it knows since when it is complete, and says so rather than guess.
 */
export class RequestMemory {
  /** In the order in which they were noted. */
  private readonly kept: BoundedMap<string, Kept>;

  /** @param completeSinceMs everything applied here after this moment of the wall clock was noted */
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

  /** Something was applied without being noted, such as a peer's state: whatever is older may be missing here. */
  noteGap(wallMs: number): void {
    this.completeSinceMs = Math.max(this.completeSinceMs, wallMs);
  }

  /** Ids of the requests remembered. */
  get ids(): Iterable<string> {
    return this.kept.keys();
  }

  /** The greatest attempt of a request that is remembered, if it was for this key and value. */
  latest(id: string, key: string, value: string): Attempted | undefined {
    const known = this.kept.get(id);
    return known && isSame(known, key, value) ? known : undefined;
  }

  /**
   * Takes an insert that has just been applied.
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
    // Put at the end in any case: whoever repeats it has not given up.
    this.kept.put(attempt.id, { ...stays, atMs: nowMs, atWallMs: wallMs });
  }

  /**
   * What a server answers to an attempt without writing anything; `undefined` if it must write.
   *
   * An attempt is answered with the insert of the one before it (or of a later one). Where only older ones are known
   * the one between may stand elsewhere and would win over them: so this attempt is written, and wins over all.
   * @param stored what the entries of the store tell of this request
   * @throws KvsError PEDIDO_REPETIDO; RESULTADO_DESCONHECIDO for a repeated attempt from a time of which this memory
   *   is not complete
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

/** The order of attempts; the dots decide between equal ones, which a careful client never makes. */
export function isLater(a: Attempted, b: Attempted): boolean {
  if (a.attempt !== b.attempt) return a.attempt > b.attempt;
  return a.origin === b.origin ? a.seq > b.seq : a.origin > b.origin;
}
