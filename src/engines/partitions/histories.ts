/**
 * What one master says of the history of a partition, in the answer of `seen` of functions.lua. A history is what one
 * process wrote as a master, one thing after the other: it has a replication id of its own. Whoever takes its place
 * goes on with another, from what it had received.
 */
export interface Witness {
  /** The replication id. */
  readonly history: string;
  /** The one that it had when it was promoted, and the first offset of it that it has not. */
  readonly before: string;
  readonly beforeEnd: number;
  readonly offset: number;
  /** Its own epoch: it changes with every slot that it takes from another master. */
  readonly epoch: number;
  /** The greatest epoch that it knows. */
  readonly latestEpoch: number;
  /** The time of the last entry of the partition's log, in microseconds; 0: there is none. */
  readonly last: number;
  /** Whether the entry that was asked for is there, or may be forgotten. */
  readonly isThere: boolean;
  readonly mayBeForgotten: boolean;
  /** Whether something of the partition has expired that is still stored: only the clock hides it. */
  readonly isDue: boolean;
  readonly nowMs: number;
}

/** Where a session has been: a history, as it was when something of it was seen last. */
export interface Stay {
  /** The begin of its replication id. */
  readonly history: string;
  readonly epoch: number;
  latestEpoch: number;
  /** All that was seen lies before it. */
  offset: number;
}

/** Characters of a replication id that tell it from others. */
export const HISTORY_CHARS = 16;

/** @param reply of `seen` */
export function witnessIn(reply: unknown): Witness {
  const [history, before, ...rest] = (reply as readonly unknown[]).map(String) as [string, string];
  const [beforeEnd, offset, epoch, latestEpoch, last, there, forgotten, due, nowMs] = rest.map(Number) as [
    ...[number, number, number, number, number, number, number, number, number],
  ];
  return {
    history: history.slice(0, HISTORY_CHARS),
    before: before.slice(0, HISTORY_CHARS),
    ...{ beforeEnd, offset, epoch, latestEpoch, last, nowMs },
    ...{ isThere: there === 1, mayBeForgotten: forgotten === 1, isDue: due === 1 },
  };
}

/** Whether two answers are of one process, that was a master and took no slot in between. */
export function isSameHistory(
  one: Pick<Witness, 'history' | 'epoch'>,
  other: Pick<Witness, 'history' | 'epoch'>,
): boolean {
  return one.history === other.history && one.epoch === other.epoch;
}

/**
 * Whether a master has all that was seen at a place, by what replication tells: it is the same process, or it was
 * promoted when it had received all of it. Whoever has taken slots since has another epoch, and this tells nothing:
 * what comes from another master may have been lost there.
 */
export function goesOnFrom(stay: Stay, witness: Witness): boolean {
  if (isSameHistory(stay, witness)) return true;
  return (
    witness.before === stay.history &&
    stay.offset < witness.beforeEnd &&
    witness.epoch === stay.latestEpoch + 1
  );
}
